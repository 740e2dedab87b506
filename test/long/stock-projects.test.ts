import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PulumiRunner } from "../../stacks/engine/pulumi-run.ts";
import { openState } from "../../stacks/engine/state.ts";
import { resolvePulumi } from "../../toolchain/index.ts";
import { PackedLibrary } from "../support/packed-library.ts";
import { cdk8sProject, pulumiProject } from "../support/stock-projects.ts";

const run = promisify(execFile);

describe("The npm package in projects as their own tools make them", function () {
  this.timeout(600_000);
  let library: PackedLibrary;

  before(async () => {
    library = await PackedLibrary.make();
  });

  after(() => library.remove());

  describe("a cdk8s project: CommonJS, Jest", () => {
    let home: string;

    before(async () => {
      home = await library.project("cdk8s", cdk8sProject());
    });

    it("compiles, declarations of libraries included", () => npm("run", "compile"));

    it("passes its tests, and says when one does not hold", async () => {
      await npm("test");
      const wrong =
        "test('fails', () => { expect(require('keelson/constructs').WebService).toBeUndefined(); });";
      await writeFile(join(home, "wrong.test.ts"), wrong);
      await assert.rejects(npm("test"), /1 failed/);
    });

    it("is synthesised by the cdk8s command", async () => {
      await npm("run", "synth");
      const manifest = await readFile(join(home, "dist/shop.k8s.yaml"), "utf8");
      for (const kind of ["Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget"])
        assert.match(manifest, new RegExp(`^kind: ${kind}$`, "m"));
    });

    async function npm(...args: readonly string[]): Promise<void> {
      await inProject(home, "npm", args);
    }
  });

  describe("a Pulumi project: CommonJS, compiled by Pulumi itself", () => {
    let home: string;

    before(async () => {
      const files = pulumiProject(pulumiProgram);
      home = await library.project("pulumi", files, [
        "cdk8s",
        "constructs",
        "@pulumi/pulumi",
        "@pulumi/kubernetes",
      ]);
    });

    it("previews clusters and the app on them", async () => {
      const pulumi = new PulumiRunner(await resolvePulumi(), await openState(), home);
      await pulumi.read(["stack", "init", "test"]);
      const output = await pulumi.read(["preview", "--stack", "test", "--non-interactive"]);
      await pulumi.read(["stack", "rm", "test", "--yes"]);

      assert.match(output, /cp1: claim the host for cluster "lab"/);
      assert.match(output, /kubernetes:apps\/v1:Deployment lab\/shop\/Deployment\/shop\/web create/);
    });

    it("loads nothing of Pulumi with the constructs, by import or by require", async () => {
      const loaded = async (program: string): Promise<readonly string[]> => {
        await writeFile(join(home, "trace.mjs"), `${traced}\n${program}\nconsole.log(JSON.stringify(seen));`);
        return JSON.parse(await inProject(home, process.execPath, ["trace.mjs"])) as string[];
      };
      const byRequire = 'module.createRequire(import.meta.url)("keelson/constructs");';
      for (const program of ['await import("keelson/constructs");', byRequire]) {
        const seen = await loaded(program);
        assert.ok(
          seen.some((url) => url.includes("/node_modules/cdk8s/")),
          "what is loaded is seen",
        );
        assert.deepEqual(
          seen.filter((url) => /node_modules\/(@pulumi|@grpc|@kubernetes|ssh2)\//.test(url)),
          [],
        );
      }
      assert.ok(
        (await loaded('await import("@pulumi/pulumi");')).some((url) =>
          url.includes("/node_modules/@pulumi/"),
        ),
      );
    });
  });
});

/** Every module that is loaded from here on. */
const traced = [
  'import module from "node:module";',
  "const seen = [];",
  "module.registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) });",
].join("\n");

const pulumiProgram = `
import { WebService } from "keelson/constructs";
import { LocalCluster, Workload } from "keelson/stacks";

const lab = new LocalCluster("lab");
const shop = new Workload("shop", {
  clusters: [lab],
  app: (chart) => {
    new WebService(chart, "web", { image: "ghcr.io/acme/web:1.4.2", port: 8080, health: { ready: "/readyz" } });
  },
});
export const addresses = shop.addresses;
`;

async function inProject(cwd: string, program: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(program, args, { cwd, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}\n${stderr}`);
  }
}
