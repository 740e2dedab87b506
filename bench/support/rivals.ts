import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The checkout. */
export const root = join(import.meta.dirname, "../..");

/** The release of cdk8s-plus that stands beside this library. */
export const plusVersion = "2.0.54";

const rivals = [`cdk8s-plus-34@${plusVersion}`, "cdk8s@2.70.106", "constructs@10.8.1"];

/** Does work in a folder in which this library, as it is published, and its rivals are installed. */
export async function withRivals(work: (folder: string) => void | Promise<void>): Promise<void> {
  node([join(root, "scripts/build.ts")]);
  const folder = mkdtempSync(join(tmpdir(), "keelson-bench-"));
  try {
    npm("pack", "--ignore-scripts", "--pack-destination", folder);
    const packed = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    const own = packed.map((name) => join(folder, name));
    npm("install", "--no-save", "--omit=optional", "--omit=dev", "--prefix", folder, ...rivals, ...own);
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a program of this Node prints. */
export function node(args: readonly string[], cwd = root): string {
  const env = { ...process.env, NODE_NO_WARNINGS: "1" };
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  return execFileSync(process.execPath, args, { cwd, encoding: "utf8", env, stdio });
}

/** Prints rows as a table of Markdown. */
export function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

function npm(...args: readonly string[]): void {
  execFileSync("npm", [...args, "--no-audit", "--no-fund"], { cwd: root, stdio: "ignore" });
}
