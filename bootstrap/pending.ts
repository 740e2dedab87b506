import { KeelsonError, ProblemsError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Intent, Operation, PendingWork } from "./operation.ts";

const silence: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "KEELSON_HOST_UNREACHABLE",
  "KEELSON_API_UNAVAILABLE",
  "KEELSON_QUORUM_LOST",
]);

/** A host that is not what it was: only a run with the newest program can tell what that means. */
const estrangement: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "KEELSON_HOST_KEY_CHANGED",
  "KEELSON_HOST_OWNED",
  "KEELSON_HOST_FOREIGN_CLUSTER",
  "KEELSON_IDENTITY_MISMATCH",
]);

/**
 * Collects what an apply would do, as its own preview; undefined if too little answers, and `onSilence` hears why. A host
 * that is not the one it was is to be looked at again: the next apply goes on with it, or says why it must not.
 */
export async function listPending(
  operation: Operation,
  host: string,
  apply: (quiet: Operation) => Promise<unknown>,
): Promise<PendingWork> {
  const intents: Intent[] = [];
  try {
    await apply({ ...operation, preview: true, onIntent: (intent) => intents.push(intent) });
  } catch (error) {
    if (!KeelsonError.is(error)) throw error;
    const strange = estranged(error, host);
    if (strange.length > 0) return strange;
    if (!silence.has(error.code)) throw error;
    operation.onSilence?.(error.message);
    return undefined;
  }
  return intents;
}

function estranged(error: KeelsonError, host: string): readonly Intent[] {
  const problems = error instanceof ProblemsError ? error.problems : [{ code: error.code, where: host }];
  return problems
    .filter(({ code }) => estrangement.has(code))
    .map(({ where, code }) => ({
      host: where,
      what: code === "KEELSON_HOST_KEY_CHANGED" ? "look at the host anew: its SSH key changed" : takenOver,
    }));
}

const takenOver = "look at the host anew: it does not belong to the cluster any more";
