import { runChecker } from "./run.ts";

/** Which level is asked for, in the words of the version of the cluster. */
export interface Standard {
  readonly level: "baseline" | "restricted";
  /** `v1.35` for example. */
  readonly version: string;
}

/** What the library of the API server forbids in the pods of each object; empty text for an object that it admits. */
export async function findForbidden(
  objects: readonly object[],
  { level, version }: Standard,
): Promise<readonly string[]> {
  const args = [`-level=${level}`, `-version=${version}`];
  return JSON.parse(await runChecker("pod-security", args, JSON.stringify(objects))) as string[];
}
