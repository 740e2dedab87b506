import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** A package that this repository is developed with, in the version that it names. */
export type Peer = "cdk8s" | "constructs" | "@pulumi/pulumi" | "@pulumi/kubernetes";

/** What `npm publish` would publish, and projects that have installed it. */
export class PackedLibrary {
  readonly folder: string;
  readonly tarball: string;

  private constructor(folder: string, tarball: string) {
    this.folder = folder;
    this.tarball = tarball;
  }

  static async make(): Promise<PackedLibrary> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "keelson-package-")));
    await npm(root, "pack", "--pack-destination", folder);
    const packed = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
    assert.ok(packed, "npm pack must write a tarball");
    return new PackedLibrary(folder, join(folder, packed));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A project of these files that has the library, what it names itself, and peers. */
  async project(
    name: string,
    files: Readonly<Record<string, string>>,
    peers: readonly Peer[] = ["cdk8s", "constructs"],
  ): Promise<string> {
    const path = await mkdtemp(join(this.folder, `${name}-`));
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
    }
    const { devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      devDependencies: Record<Peer, string>;
    };
    const wanted = peers.map((peer) => `${peer}@${devDependencies[peer]}`);
    await npm(path, "install", "--prefer-offline", "--omit=optional", this.tarball, ...wanted);
    return path;
  }
}

/** Runs npm with this process's own Node, as a user would. */
async function npm(cwd: string, ...args: readonly string[]): Promise<{ stdout: string }> {
  const env = { ...process.env, npm_config_fund: "false", npm_config_audit: "false" };
  return await run("npm", args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
}
