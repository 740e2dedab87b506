import { join } from "node:path";
import { type CommandResult, type Intervention, runCommand } from "./command.ts";

export type { CommandResult } from "./command.ts";

const root = join(import.meta.dirname, "../..");

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Sends one interrupt when the output first holds this text. */
  readonly interruptAt?: string;
  /** Does something else then. */
  readonly when?: Intervention;
}

/** Runs a script of this repository as a person would, without a terminal. */
export function runScript(
  script: string,
  args: readonly string[],
  { env = {}, interruptAt, when }: CommandOptions = {},
): Promise<CommandResult> {
  return runCommand(process.execPath, [join(root, "scripts", script), ...args], {
    env,
    ...(when !== undefined && { when }),
    ...(interruptAt !== undefined && {
      when: { isDue: (output) => output.includes(interruptAt), act: (child) => void child.kill("SIGINT") },
    }),
  });
}

/** Pulumi on one stack of a project below `test/e2e/programs`. */
export function pulumiStack(
  project: string,
  stack: string,
): (args: readonly string[], options?: CommandOptions) => Promise<CommandResult> {
  const folder = join(root, "test/e2e/programs", project);
  return (args, options) =>
    runScript("pulumi.ts", ["-C", folder, ...args, "--stack", stack, "--non-interactive"], options);
}
