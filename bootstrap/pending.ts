import { KeelsonError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Intent, Operation, PendingWork } from "./operation.ts";

const silence: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "KEELSON_HOST_UNREACHABLE",
  "KEELSON_API_UNAVAILABLE",
  "KEELSON_QUORUM_LOST",
]);

/** Collects what an apply would do, as its own preview; undefined if too little answers, and `onSilence` hears why. */
export async function listPending(
  operation: Operation,
  apply: (quiet: Operation) => Promise<unknown>,
): Promise<PendingWork> {
  const intents: Intent[] = [];
  try {
    await apply({ ...operation, preview: true, onIntent: (intent) => intents.push(intent) });
  } catch (error) {
    if (!KeelsonError.is(error) || !silence.has(error.code)) throw error;
    operation.onSilence?.(error.message);
    return undefined;
  }
  return intents;
}
