import { CommandError, type ErrorCode, KeelsonError, ProblemsError } from "../../errors.ts";
import type { Value } from "./values.ts";

const shownLines = 12;

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
  if (error instanceof CommandError) return `${error.message} [${error.code}]\n${outputOf(error)}`;
  if (KeelsonError.is(error)) return `${error.message} [${error.code}]\n${error.fix}`;
  if (error instanceof Error)
    return `${error.stack ?? error.message} [${"KEELSON_INTERNAL" satisfies ErrorCode}]`;
  return String(error);
}

function outputOf({ stderr, stdout, fix }: CommandError): string {
  const lines = (stderr.trim() || stdout.trim()).split("\n").slice(-shownLines);
  return lines[0] === "" ? fix : lines.map((line) => `  ${line}`).join("\n");
}
