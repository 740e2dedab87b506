import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { settleKilledRun, settleKilledRuns } from "../../../stacks/engine/killed-runs.ts";
import { openState, type StateFolder } from "../../../stacks/engine/state.ts";

interface Operation {
  readonly type: string;
  readonly resource: { readonly type: string };
}

/** Stands in for Pulumi: exports what the stack's file holds, and notes what it is given to import. */
class RecordingPulumi {
  readonly commands: string[] = [];
  imported: unknown;
  readonly #deployment: unknown;

  constructor(deployment: unknown) {
    this.#deployment = deployment;
  }

  async read(args: readonly string[]): Promise<string> {
    this.commands.push(args.slice(0, 4).join(" "));
    if (args[1] === "import") this.imported = JSON.parse(await readFile(args.at(-1) ?? "", "utf8"));
    return JSON.stringify(this.#deployment);
  }
}

describe("a stack that a killed run left behind", () => {
  let state: StateFolder;
  const own = creating("keelson:index:ControlPlane");
  const foreign = creating("aws:s3/bucket:Bucket");

  beforeEach(async () => {
    state = await openState(await mkdtemp(join(tmpdir(), "keelson-state-")));
  });

  afterEach(() => rm(state.path, { recursive: true }));

  it("forgets what is pending if it is safe to begin again", async () => {
    const pulumi = await stackWith([own, { ...foreign, type: "updating" }]);

    await settleKilledRuns(pulumi, state);

    assert.deepEqual(pulumi.commands, [
      "stack export --stack organization/shop/dev",
      "stack import --stack organization/shop/dev",
    ]);
    assert.deepEqual(pulumi.imported, deploymentWith([own, { ...foreign, type: "updating" }]));
  });

  for (const [what, operations] of [
    ["no operation is pending", undefined],
    ["only a person knows what became of it", [own, foreign]],
  ] as const) {
    it(`stays as it is if ${what}`, async () => {
      const pulumi = await stackWith(operations);

      await settleKilledRuns(pulumi, state);

      assert.equal(pulumi.imported, undefined);
    });
  }

  it("is passed over while another run uses it, and named where it is the one that is wanted", async () => {
    const pulumi = await stackWith([own]);
    const locks = join(state.backend, ".pulumi/locks/organization/shop/dev");
    await mkdir(locks, { recursive: true });
    const lock = {
      pid: 1,
      username: "ada",
      hostname: `not-${hostname()}`,
      timestamp: "2026-01-01T00:00:00Z",
    };
    await writeFile(join(locks, "one.json"), JSON.stringify(lock));

    await settleKilledRuns(pulumi, state);

    assert.deepEqual(pulumi.commands, []);
    const settled = settleKilledRun(pulumi, state, { project: "shop", stack: "dev" });
    await assert.rejects(settled, { code: "KEELSON_LOCKED" });
  });

  async function stackWith(operations: readonly Operation[] | undefined): Promise<RecordingPulumi> {
    const folder = join(state.backend, ".pulumi/stacks/shop");
    await mkdir(folder, { recursive: true });
    const exported = deploymentWith(operations);
    await writeFile(
      join(folder, "dev.json"),
      JSON.stringify({ checkpoint: { latest: exported.deployment } }),
    );
    return new RecordingPulumi(exported);
  }
});

function creating(type: string): Operation {
  return { type: "creating", resource: { type } };
}

function deploymentWith(operations: readonly Operation[] | undefined): {
  readonly version: number;
  readonly deployment: object;
} {
  return {
    version: 3,
    deployment: { resources: [], ...(operations && { pending_operations: operations }) },
  };
}
