import { type ErrorCode, KeelsonError, ProblemsError } from "../../errors.ts";
import type { Value } from "./values.ts";

/** A resource was touched and is not finished: the engine keeps it in state, and the next run goes on. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly outputs: Value;
  readonly refreshBeforeUpdate: boolean;

  constructor(message: string, state: { id: string; outputs: Value; refreshBeforeUpdate: boolean }) {
    super(message);
    this.name = "PartialFailure";
    this.id = state.id;
    this.outputs = state.outputs;
    this.refreshBeforeUpdate = state.refreshBeforeUpdate;
  }
}

/** What a person reads about a failure: the message, its code and what to do about it. */
export function describeFailure(error: unknown): string {
  if (error instanceof ProblemsError) return error.message;
  if (KeelsonError.is(error)) return `${error.message} [${error.code}]\n${error.fix}`;
  if (error instanceof Error)
    return `${error.stack ?? error.message} [${"KEELSON_INTERNAL" satisfies ErrorCode}]`;
  return String(error);
}
