import type { HostFacts } from "../clusters/facts.ts";
import { KeelsonError } from "../errors.ts";
import type { Runner } from "../remote/runner.ts";
import { gatherFacts } from "./facts/gather.ts";
import { withHostLock } from "./host-lock.ts";
import { settleLeftovers } from "./leftovers.ts";
import type { Operation, ReachableHost } from "./operation.ts";
import { resetScript } from "./reset-script.ts";
import { residue } from "./residue.ts";
import { runUnit } from "./unit.ts";

/** `foreign`: the host is not the cluster's, and was left alone. */
export type ResetOutcome = "reset" | "silent" | "foreign";

const silenceMs = 8000;
const request = { files: [], units: {}, traces: true };

/**
 * Takes the cluster off a host if the host carries its owner token. A host that does not answer soon is passed over.
 *
 * @throws KeelsonError KEELSON_COMMAND_FAILED if something of the cluster remains
 */
export async function resetHost(
  operation: Operation,
  clusterId: string,
  host: ReachableHost,
): Promise<ResetOutcome> {
  const { name, connection } = host;
  const { pool, signal, preview, onIntent } = operation;
  const facts = await lookSoon(operation, host);
  if (facts === undefined || connection === undefined) return "silent";
  if (facts.owner?.clusterId !== clusterId) return "foreign";
  onIntent({ host: name, what: "reset the host" });
  if (preview) return "reset";
  const runner = pool.get(name, connection);
  operation.onPhase?.(name, "reset");
  const log = (line: string): void => {
    operation.log(name, line);
  };
  const work = async (): Promise<void> => {
    await settleLeftovers(runner, facts, operation);
    await runUnit({ runner, signal, log }, { name: "reset", script: resetScript, deadlineSeconds: 120 });
    const left = residue(await gatherFacts(runner, request, signal));
    if (left.length > 0) {
      throw new KeelsonError(
        "KEELSON_COMMAND_FAILED",
        `Cannot reset ${name}: still there: "${left.join('", "')}"`,
      );
    }
  };
  await withHostLock(runner, signal, work, { onWaiting: log });
  return "reset";
}

/** What a host holds; undefined if it does not answer within the time that a removal waits for it. */
export async function lookSoon(
  { pool, signal }: Operation,
  { name, connection }: ReachableHost,
): Promise<HostFacts | undefined> {
  return connection === undefined ? undefined : lookBriefly(pool.get(name, connection), signal);
}

async function lookBriefly(runner: Runner, signal: AbortSignal): Promise<HostFacts | undefined> {
  const deadline = AbortSignal.timeout(silenceMs);
  try {
    return await gatherFacts(runner, request, AbortSignal.any([signal, deadline]));
  } catch (error) {
    const isUnreachable = KeelsonError.is(error) && error.code === "KEELSON_HOST_UNREACHABLE";
    if (isUnreachable || (deadline.aborted && !signal.aborted)) return undefined;
    throw error;
  }
}
