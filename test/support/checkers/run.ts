import { spawn } from "node:child_process";
import { type Checker, resolveChecker } from "../../../toolchain/checkers.ts";

/** Runs a checker with text as its input, and gives what it wrote. It may end with 1: that is its judgement. */
export async function runChecker(name: Checker, args: readonly string[], input: string): Promise<string> {
  const { files } = await resolveChecker(name);
  const child = spawn(files[name]?.path ?? name, args, { stdio: ["pipe", "pipe", "pipe"] });
  const written: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => written.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const output = Buffer.concat(written).toString();
  if (code === 0 || (code === 1 && output !== "")) return output;
  throw new Error(`Cannot run ${name}: exit code ${code}\n${Buffer.concat(complaints).toString()}`);
}
