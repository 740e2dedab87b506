import { KeelsonError, ProblemsError } from "../../errors.ts";

/** Writes a line of progress. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What a person reads about an error; the stack only of one that nobody foresaw. */
export function describeError(error: unknown): string {
  if (error instanceof ProblemsError) return error.message;
  if (KeelsonError.is(error)) return `${error.message} [${error.code}]\n${error.fix}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
