import { ProblemsError } from "../errors.ts";
import { judgeHost } from "./judge.ts";
import type { HostView } from "./view.ts";

/**
 * Judges a host right before its first change: time has passed since the fleet was inspected.
 *
 * @throws ProblemsError with everything that is wrong
 */
export function judgeTarget({ cluster, clusterId, host, facts }: HostView, caSha256: string): void {
  const problems = judgeHost({ cluster, clusterId, caSha256, host, facts });
  if (problems.length > 0) throw new ProblemsError(`change ${host.name}`, problems);
}
