import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface CommandResult {
  readonly exitCode: number;
  /** Both streams in order. */
  readonly output: string;
  readonly stdout: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Sends one interrupt when the output first holds this text. */
  readonly interruptAt?: string;
}

/** Runs a script of this repository as a person would, without a terminal. */
export function runScript(
  script: string,
  args: readonly string[],
  { env = {}, interruptAt }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [join(root, "scripts", script), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let stdout = "";
  let isInterrupted = false;
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
    if (interruptAt === undefined || isInterrupted || !output.includes(interruptAt)) return;
    isInterrupted = true;
    child.kill("SIGINT");
  };
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    hear(chunk);
  });
  child.stderr.on("data", hear);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ exitCode: code ?? 1, output, stdout });
    });
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
