import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PulumiRunner } from "../../stacks/engine/pulumi-run.ts";
import { openState } from "../../stacks/engine/state.ts";
import { resolvePulumi } from "../../toolchain/index.ts";
import { PackedLibrary, type Peer } from "../support/packed-library.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

describe("The npm package", function () {
  this.timeout(600_000);
  let library: PackedLibrary;
  let commonjs: string;

  before(async () => {
    library = await PackedLibrary.make();
    commonjs = await project("commonjs", { type: "commonjs" });
  });

  after(() => library.remove());

  it("holds built files only", async () => {
    const { stdout } = await run("tar", ["-tzf", library.tarball]);
    const files = stdout.trim().split("\n");
    assert.ok(files.includes("package/dist/constructs/index.js"));
    assert.ok(files.includes("package/dist/commonjs/constructs/index.d.ts"));
    assert.ok(!files.some((file) => file.includes("/constructs/core/")), "the constructs are few files");
    const odd = files.filter((file) => !/^package\/(dist\/|package\.json$|README\.md$|LICENSE$)/.test(file));
    assert.deepEqual(odd, []);
    assert.deepEqual(
      files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")),
      [],
    );
  });

  it("renders the same manifests in a CommonJS project and in an ES module project, without Pulumi", async () => {
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

  it("brings types that a stock TypeScript project finds, old resolution included", async () => {
    const program = [
      'import { App, Chart } from "cdk8s";',
      'import { WebService } from "keelson/constructs";',
      'const chart = new Chart(new App(), "shop");',
      'export const web: WebService = new WebService(chart, "web", { image: "web:1", port: 8080 });',
      "// @ts-expect-error: the port is text",
      'new WebService(chart, "bad", { image: "web:1", port: "8080" });',
    ].join("\n");
    await writeFile(join(commonjs, "main.ts"), program);
    const settings = [
      ["--module", "commonjs", "--moduleResolution", "node10", "--ignoreDeprecations", "6.0"],
      ["--module", "nodenext"],
      ["--module", "esnext", "--moduleResolution", "bundler"],
    ];
    for (const options of settings) await check(commonjs, options);
    // Nothing of Node or of a browser, as `cdk8s init` sets it.
    await check(commonjs, ["--module", "nodenext", "--lib", "es2016"]);
  });

  describe("in a Pulumi project of a user's own, as the documentation shows one", () => {
    let home: string;
    let pulumi: PulumiRunner;

    before(async () => {
      home = await project("platform", { type: "module" }, ["@pulumi/pulumi", "@pulumi/kubernetes"]);
      const page = await readFile(join(root, "docs/stacks.md"), "utf8");
      await writeFile(join(home, "index.ts"), firstBlock(page, "ts"));
      await writeFile(join(home, "Pulumi.yaml"), firstBlock(page, "yaml"));
      pulumi = new PulumiRunner(await resolvePulumi(), await openState(), home);
    });

    it("previews the whole plan with the provider that came with it", async () => {
      await pulumi.read(["stack", "init", "test"]);
      const output = await pulumi.read(["preview", "--stack", "test", "--non-interactive"], {
        explain: true,
      });
      await pulumi.read(["stack", "rm", "test", "--yes"]);

      assert.match(output, /cp1: claim the host for cluster "lab";.*initialize the control plane/);
      assert.match(output, /w1: .*join the cluster with kubeadm/);
      assert.match(output, /kubernetes:apps\/v1:Deployment lab\/shop\/Deployment\/shop\/web create/);
    });

    it("gives every entry point its values and types", async () => {
      const program = [
        'import { type Cluster, defineCluster, type HostFacts, type Profile } from "keelson/clusters";',
        'import { createIdentity, type Identity } from "keelson/bootstrap";',
        'import { KeelsonError } from "keelson/errors";',
        'import type { BareMetalCluster, BareMetalHost, ConnectionArgs, Pool } from "keelson/stacks";',
        "export type Named = BareMetalCluster | BareMetalHost | ConnectionArgs | Pool | HostFacts | Profile;",
        'const hosts = { cp1: { role: "controlPlane", address: "10.0.0.11" } } as const;',
        'const spec = { name: "edge", kubernetes: "1.35.4", hosts };',
        "const cluster: Cluster = defineCluster(spec).cluster;",
        "const identity: Identity = await createIdentity(cluster.name);",
        "try {",
        '  defineCluster({ ...spec, kubernetes: "1.0" });',
        "} catch (error) {",
        "  console.log(cluster.endpoint.host, identity.clusterId, KeelsonError.is(error) && error.code);",
        "}",
      ].join("\n");
      await writeFile(join(home, "entries.ts"), program);

      await check(home, ["--module", "nodenext"]);
      const { stdout } = await run(process.execPath, ["entries.ts"], { cwd: home });
      assert.match(stdout, /^10\.0\.0\.11 edge-[0-9a-f]{16} KEELSON_PROBLEMS$/m);
    });
  });

  it("plans a fleet with its command, by a module as the documentation shows one", async () => {
    const home = await project("fleet", { type: "module" });
    const page = await readFile(join(root, "docs/fleets.md"), "utf8");
    await writeFile(join(home, "fleet.ts"), firstBlock(page, "typescript"));
    const capacity = (cpu: number): object => ({ capacity: { cpu, memoryGib: 32 } });
    const clusters = { eu1: capacity(8), eu2: capacity(8), us1: capacity(1) };
    const facts = { version: 1, gatheredAt: "2026-11-30T10:00:00Z", clusters };
    await writeFile(join(home, "fleet-facts.json"), JSON.stringify(facts));

    const keelson = join(home, "node_modules/keelson/dist/cli/main.js");
    const { stdout } = await run(process.execPath, [keelson, "fleet", "plan", "--write"], { cwd: home });

    assert.match(stdout, /^shop\n {2}\+ eu1: 6 replicas \(newly placed\)\n {2}\+ eu2: 6 replicas/);
    assert.match(stdout, /From facts of 2026-11-30T10:00:00Z\nWritten into fleet\.lock\.json$/m);
    assert.match(await readFile(join(home, "fleet.lock.json"), "utf8"), /"eu1": 6/);
  });

  /** Type-checks a project as strictly as its owner may. */
  async function check(cwd: string, options: readonly string[]): Promise<void> {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const fixed = ["--strict", "--noEmit", "--target", "es2022", "--ignoreConfig"];
    const programs = (await readdir(cwd)).filter((name) => name.endsWith(".ts"));
    await run(process.execPath, [tsc, ...fixed, ...options, ...programs], { cwd }).catch((error: unknown) => {
      assert.fail((error as { stdout: string }).stdout);
    });
  }

  async function project(
    name: string,
    settings: { readonly type: string },
    more: readonly Peer[] = [],
  ): Promise<string> {
    const description = JSON.stringify({ name, version: "1.0.0", private: true, ...settings });
    return await library.project(name, { "package.json": description }, ["cdk8s", "constructs", ...more]);
  }
});

/** The first block of a page in a language. */
function firstBlock(page: string, language: string): string {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "m").exec(page)?.[1];
  assert.ok(block, `the page must have a block in ${language}`);
  return block;
}
