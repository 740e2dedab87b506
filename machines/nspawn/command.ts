import { KeelsonError, type ErrorCode } from "../../errors.ts";
import { execute } from "../../toolchain/execute.ts";

export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  /** What the command is for, in the error: `Cannot <purpose>: …`. @default - `run` and the program */
  readonly purpose?: string;
  /** The code of the error. @default "KEELSON_MACHINE_FAILED" */
  readonly code?: ErrorCode;
}

/**
 * Runs a program of this computer without a shell and returns what it wrote to stdout.
 * Throws an error with the program's last lines; KEELSON_TOOL_MISSING if it is not installed, KEELSON_ABORTED if the signal fired.
 */
export async function runLocal(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { signal, environment, purpose = `run "${program}"`, code = "KEELSON_MACHINE_FAILED" } = options;
  const env = { ...process.env, LC_ALL: "C.UTF-8", ...environment };
  const result = await execute(program, args, { env, signal });
  if (result.code === 0) return result.stdout;
  const state = result.tail.split("\n").slice(-3).join("; ");
  throw new KeelsonError(code, `Cannot ${purpose}: ${state || `exit code ${result.code}`}`);
}
