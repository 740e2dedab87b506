import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { etcdQuota, quotaTrial } from "../../../bootstrap/etcd/quota.ts";
import { initConfig } from "../../../bootstrap/kubeadm-config.ts";
import type { ControlPlaneView } from "../../../bootstrap/view.ts";
import { blankView, cluster, identity } from "../../support/bootstrap.ts";

const gibibyte = 1024 ** 3;

function viewOf(quotaBackendBytes?: number, has?: string): ControlPlaneView {
  const blank = blankFacts({ name: "cp1" });
  const args = has === undefined ? {} : { "quota-backend-bytes": [has] };
  const kubernetes = {
    ...blank.kubernetes,
    initialized: identity.clusterId,
    apiReady: true,
    staticPods: { etcd: { args, volumes: [], patch: "", isUnproven: false } },
  };
  const etcd = quotaBackendBytes === undefined ? {} : { etcd: { quotaBackendBytes } };
  return blankView("controlPlane", {
    facts: { ...blank, kubernetes },
    cluster: { ...cluster, controlPlane: etcd },
  });
}

describe("etcdQuota", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-quota-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("compares this one flag with what runs", () => {
    const intents = (...given: Parameters<typeof viewOf>): readonly string[] =>
      etcdQuota.plan(viewOf(...given)).map(({ intent }) => intent);

    assert.deepEqual(intents(), []);
    assert.deepEqual(intents(gibibyte, String(gibibyte)), []);
    assert.deepEqual(intents(gibibyte), ["restart etcd with --quota-backend-bytes=1073741824"]);
    assert.deepEqual(intents(gibibyte, "5"), ["restart etcd with --quota-backend-bytes=1073741824 (was 5)"]);
    assert.deepEqual(intents(undefined, "5"), ["restart etcd with no --quota-backend-bytes (was 5)"]);
  });

  it("is in the configuration with which kubeadm makes a cluster", () => {
    const [, config] = parseAllDocuments(initConfig(viewOf(gibibyte))).map(
      (document) => document.toJS() as { etcd?: object },
    );
    assert.deepEqual(config?.etcd, {
      local: { extraArgs: [{ name: "quota-backend-bytes", value: "1073741824" }] },
    });
  });

  const manifest = `spec:
  containers:
  - command:
    - etcd
    - --quota-backend-bytes=5
    - --name=cp1
    - --initial-cluster=cp1=https://10.0.0.11:2380
    image: registry.k8s.io/etcd:3.6.6-0
`;

  for (const [what, quota, expected] of [
    ["a quota", gibibyte, manifest.replace("bytes=5", "bytes=1073741824")],
    ["none", undefined, manifest.replace("    - --quota-backend-bytes=5\n", "")],
  ] as const) {
    it(`makes a manifest with ${what} from the one that runs`, () => {
      const made = join(folder, "new");
      mkdirSync(made, { recursive: true });
      writeFileSync(join(folder, "live.yaml"), manifest);
      const { make } = quotaTrial(viewOf(quota));
      const { status, stderr } = sh(`c=etcd; live=${folder}/live.yaml; new=${made}\n${make}`);

      assert.equal(status, 0, stderr);
      assert.equal(readFileSync(join(made, "etcd.yaml"), "utf8"), expected);
      const args = [...expected.matchAll(/- (--.*)/g)].map(([, arg]) => `${arg ?? ""}\n`);
      assert.deepEqual(readFileSync(join(made, "args"), "utf8").match(/.*\n/g)?.sort(), args.sort());
    });
  }

  const voters = (count: number): string =>
    Array.from({ length: count }, (_, index) => `a${index}, started, cp${index}, https://p, https://c, false`)
      .concat("b, unstarted, , https://p, , true")
      .join("\n");
  const health = (...states: readonly ("fine" | "full" | "down")[]): string =>
    JSON.stringify(
      states.map((state) => ({
        endpoint: "https://c",
        health: state === "fine",
        took: "1ms",
        ...(state === "full" && { error: "Active Alarm(s): NOSPACE " }),
        ...(state === "down" && { error: "context deadline exceeded" }),
      })),
    );

  for (const [what, answers, refusal] of [
    ["one member alone", { members: voters(1), health: health("fine") }, undefined],
    ["three healthy ones", { members: voters(3), health: health("fine", "fine", "fine") }, undefined],
    ["three that are full", { members: voters(3), health: health("full", "full", "full") }, undefined],
    [
      "two of three",
      { members: voters(3), health: health("fine", "down", "fine") },
      /only 2 of 3 members .* an outage/,
    ],
    [
      "four of five",
      { members: voters(5), health: health("fine", "down", "fine", "fine", "fine") },
      undefined,
    ],
    ["an etcd that does not answer", { members: "", health: "" }, /only 0 of 0 members/],
    [
      "a file that does not fit",
      { members: voters(1), health: health("fine"), size: 2 * gibibyte },
      /file of 2147483648 bytes leaves no room in a quota of 1073741824/,
    ],
  ] as const) {
    it(`${refusal === undefined ? "goes on with" : "is refused with"} ${what}`, () => {
      const { members, health: healths, size } = { size: 20_480, ...answers };
      const status = JSON.stringify([{ Status: { dbSize: size, dbSizeInUse: 1 } }]);
      const stub = `etcd() { case "$*" in "member list") echo ${quoted(members)};; *health*) echo ${quoted(healths)};; *) echo ${quoted(status)};; esac; }`;
      const { demand } = quotaTrial(viewOf(gibibyte));
      const asked = demand.replace(/^etcd\(\) .*$/m, stub).replace("+ 60", "+ 0");
      const { stdout } = sh(`refuse() { echo "refused: $1"; exit 1; }\n${asked}\necho went on`);

      if (refusal === undefined) assert.equal(stdout, "went on\n");
      else assert.match(stdout, refusal);
    });
  }
});

function sh(script: string): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync("sh", ["-s"], { input: script, encoding: "utf8" });
}

function quoted(text: string): string {
  return `'${text}'`;
}
