import type { HostFacts } from "../clusters/facts.ts";
import type { Runner } from "../remote/runner.ts";
import { waitFor } from "../remote/wait.ts";
import { command } from "../remote/quote.ts";
import type { Operation } from "./operation.ts";
import { controlPlaneJoinUnit } from "./phases/join-control-plane.ts";
import { stopUnits, unitPrefix } from "./unit.ts";

/** A package manager or a join to etcd that is stopped halfway has to be mended afterwards: it may finish instead. */
const finishing = new Set(["packages", controlPlaneJoinUnit].map((name) => `${unitPrefix}${name}.service`));

/**
 * Ends what a killed run left running on the host; the lock is ours, so nobody is served by it.
 *
 * @returns whether there was something, so that the host must be read again
 */
export async function settleLeftovers(
  runner: Runner,
  { running }: HostFacts,
  { signal, log }: Pick<Operation, "signal" | "log">,
): Promise<boolean> {
  if (running.length === 0) return false;
  log(runner.host, `an earlier run left ${running.join(", ")} behind`);
  await stopUnits(
    { runner },
    running.filter((unit) => !finishing.has(unit)),
  );
  const waited = running.filter((unit) => finishing.has(unit));
  if (waited.length > 0) {
    await waitFor({
      what: `${waited.join(", ")} of an earlier run to end on "${runner.host}"`,
      deadlineMs: 300_000,
      signal,
      probe: async () => {
        const { exitCode } = await runner.run(command`systemctl is-active --quiet ${waited}`, {
          signal,
          okCodes: [0, 1, 3, 4],
        });
        return exitCode === 0 ? undefined : true;
      },
    });
  }
  return true;
}
