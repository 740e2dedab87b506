import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

describe("The npm package", () => {
  let folder: string;
  let tarball: string;

  before(async function () {
    this.timeout(600_000);
    folder = await mkdtemp(join(tmpdir(), "keelson-package-"));
    await npm(root, "pack", "--pack-destination", folder);
    const packed = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
    assert.ok(packed, "npm pack must write a tarball");
    tarball = join(folder, packed);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("holds built files only", async () => {
    const { stdout } = await run("tar", ["-tzf", tarball]);
    const files = stdout.trim().split("\n");
    assert.ok(files.includes("package/dist/constructs/index.js"));
    assert.ok(files.includes("package/dist/commonjs/constructs/index.d.ts"));
    const odd = files.filter((file) => !/^package\/(dist\/|package\.json$|README\.md$|LICENSE$)/.test(file));
    assert.deepEqual(odd, []);
    assert.deepEqual(
      files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")),
      [],
    );
  });

  it("renders the same manifests in a CommonJS project and in an ES module project, without Pulumi", async function () {
    this.timeout(600_000);
    const commonjs = await project("commonjs", { type: "commonjs" });
    await cp(join(root, "examples/cdk8s-app/main.cjs"), join(commonjs, "main.cjs"));
    await run(process.execPath, ["main.cjs"], { cwd: commonjs });

    const modules = await project("modules", { type: "module" });
    const source = await readFile(join(root, "examples/cdk8s-app/main.cjs"), "utf8");
    const asModule = source.replace(/const (\{.*\}) = require\((".*")\);/g, "import $1 from $2;");
    await writeFile(join(modules, "main.mjs"), asModule);
    await run(process.execPath, ["main.mjs"], { cwd: modules });

    const manifest = "dist/shop.k8s.yaml";
    const rendered = await readFile(join(commonjs, manifest), "utf8");
    assert.match(rendered, /kind: Deployment/);
    assert.equal(await readFile(join(modules, manifest), "utf8"), rendered);
    assert.ok(!(await readdir(join(commonjs, "node_modules"))).includes("@pulumi"));
  });

  it("brings types that a stock TypeScript project finds, old resolution included", async function () {
    this.timeout(300_000);
    const typed = await project("typed", { type: "commonjs" });
    const program = [
      'import { App, Chart } from "cdk8s";',
      'import { WebService } from "keelson/constructs";',
      'const chart = new Chart(new App(), "shop");',
      'export const web: WebService = new WebService(chart, "web", { image: "web:1", port: 8080 });',
      "// @ts-expect-error: the port is text",
      'new WebService(chart, "bad", { image: "web:1", port: "8080" });',
    ].join("\n");
    await writeFile(join(typed, "main.ts"), program);
    const settings = [
      ["--module", "commonjs", "--moduleResolution", "node10", "--ignoreDeprecations", "6.0"],
      ["--module", "nodenext"],
      ["--module", "esnext", "--moduleResolution", "bundler"],
    ];
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    for (const options of settings) {
      const args = ["--strict", "--noEmit", "--target", "es2022", "--ignoreConfig", ...options, "main.ts"];
      await run(process.execPath, [tsc, ...args], { cwd: typed });
    }
  });

  async function project(name: string, settings: { readonly type: string }): Promise<string> {
    const path = await mkdtemp(join(folder, `${name}-`));
    await writeFile(
      join(path, "package.json"),
      JSON.stringify({ name, version: "1.0.0", private: true, ...settings }),
    );
    const versions = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      devDependencies: Record<"cdk8s" | "constructs", string>;
    };
    const peers = (["cdk8s", "constructs"] as const).map(
      (peer) => `${peer}@${versions.devDependencies[peer]}`,
    );
    await npm(path, "install", "--prefer-offline", "--omit=optional", tarball, ...peers);
    return path;
  }
});

/** Runs npm with this process's own Node, as a user would. */
async function npm(cwd: string, ...args: readonly string[]): Promise<{ stdout: string }> {
  const env = { ...process.env, npm_config_fund: "false", npm_config_audit: "false" };
  return await run("npm", args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
}
