import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { readSections } from "../../../bootstrap/facts/sections.ts";
import { parseStaticPods } from "../../../bootstrap/static-pods/facts.ts";
import { staticPods } from "../../../bootstrap/static-pods/phase.ts";
import { patchDigest } from "../../../bootstrap/static-pods/pod-patch.ts";
import type { ControlPlaneView } from "../../../bootstrap/view.ts";
import type { ControlPlaneSettings } from "../../../clusters/settings/control-plane.ts";
import { KeelsonError } from "../../../errors.ts";
import { blankView, cluster, identity } from "../../support/bootstrap.ts";
import { FakeRunner } from "../../support/fake-runner.ts";

const names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/** What kubeadm 1.35.4 wrote for this very cluster, with these settings. */
const recorded: ControlPlaneSettings = {
  apiServer: {
    extraArgs: { "audit-log-maxage": 30, "feature-gates": "A=true: x #y" },
    extraVolumes: [{ name: "audit", hostPath: "/etc/audit.yaml", mountPath: "/etc/audit.yaml" }],
  },
};

function manifest(name: string): string {
  return readFileSync(new URL(`../../golden/static-pods/${name}.yaml`, import.meta.url), "utf8");
}

function viewOf(
  controlPlane: ControlPlaneSettings,
  { change = (text) => text, kept = "" }: { change?: (text: string) => string; kept?: string } = {},
): ControlPlaneView {
  const pods = names.map((name) => `\u001epod:${name}\n${change(manifest(name))}`).join("");
  const sections = readSections(`${pods}\u001ekept\n${kept}\u001eend\n`);
  const blank = blankFacts({ name: "cp1" });
  const kubernetes = {
    ...blank.kubernetes,
    initialized: identity.clusterId,
    apiReady: true,
    staticPods: parseStaticPods(sections),
  };
  return blankView("controlPlane", {
    facts: { ...blank, kubernetes },
    cluster: { ...cluster, controlPlane },
  });
}

function intentsOf(...given: Parameters<typeof viewOf>): readonly string[] {
  return staticPods.plan(viewOf(...given)).map(({ intent }) => intent);
}

describe("staticPods", () => {
  it("has nothing to do where kubeadm wrote what is wanted", () => {
    assert.deepEqual(intentsOf(recorded), []);
  });

  it("names a flag and a volume that are new, changed, or wanted no more", () => {
    const extraArgs = { "audit-log-maxage": 10, "goaway-chance": "0.001" };
    const extraVolumes = [{ name: "policy", hostPath: "/etc/policy", mountPath: "/policy" }];
    assert.deepEqual(intentsOf({ apiServer: { extraArgs, extraVolumes } }), [
      "restart the API server with --audit-log-maxage=10 (was 30), --goaway-chance=0.001, no --feature-gates, " +
        'volume "policy" of /etc/policy, no volume "audit"',
    ]);
  });

  it("sees what somebody changed by hand, kubeadm's own flags too", () => {
    const open = (text: string): string => text.replace("Node,RBAC", "AlwaysAllow");
    assert.deepEqual(intentsOf(recorded, { change: open }), [
      "restart the API server with --authorization-mode=Node,RBAC (was AlwaysAllow)",
    ]);
  });

  it("touches each component by itself", () => {
    const settings = {
      ...recorded,
      scheduler: { extraArgs: { v: 4 } },
      controllerManager: { extraArgs: { v: 5 } },
    };
    assert.deepEqual(intentsOf(settings), [
      "restart the controller manager with --v=5",
      "restart the scheduler with --v=4",
    ]);
  });

  it("knows by its mark which patch a component was made with", () => {
    const patch = {
      spec: { containers: [{ name: "kube-scheduler", resources: { limits: { memory: "1Gi" } } }] },
    };
    const patched = { ...recorded, scheduler: { patch } };
    assert.deepEqual(intentsOf(patched), ["restart the scheduler with a patch"]);
    const digest = patchDigest({ cluster: { ...cluster, controlPlane: patched } }, "scheduler");
    const mark = (text: string): string =>
      text.includes("name: kube-scheduler\n  namespace")
        ? text.replace("metadata:\n", `metadata:\n  annotations:\n    keelson.dev/patch: ${digest}\n`)
        : text;
    assert.deepEqual(intentsOf(patched, { change: mark }), []);
    assert.deepEqual(intentsOf(recorded, { change: mark }), ["restart the scheduler with no patch"]);
  });

  it("decides on a change that an earlier run left undecided", () => {
    assert.deepEqual(intentsOf(recorded, { kept: "kube-scheduler.yaml\n" }), [
      "see whether the scheduler works with its last change",
    ]);
  });

  it("repeats a component's own last words when it does not run", async () => {
    const view = viewOf({ apiServer: { extraArgs: { nonsense: "yes" } } });
    const runner = new FakeRunner("cp1", [
      [
        /--unit=keelson-run-static-pod-kube-apiserver/,
        {
          exitCode: 1,
          stderr:
            "noise\nkeelson: verdict\nits former manifest is back, and it is ready\nError: unknown flag: --nonsense\n",
        },
      ],
    ]);
    const context = { runner, signal: new AbortController().signal, log: () => undefined };
    await assert.rejects(staticPods.plan(view)[0]?.work(context) ?? Promise.resolve(), (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_SETTING_REFUSED");
      assert.match(
        error.message,
        /former manifest is back, and it is ready; it said:\nError: unknown flag: --nonsense$/,
      );
      return true;
    });
  });
});
