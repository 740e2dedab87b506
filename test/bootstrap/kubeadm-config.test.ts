import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { initConfig, joinConfig } from "../../bootstrap/kubeadm-config.ts";
import { kubeletPatch, kubeletPatches } from "../../bootstrap/phases/kubelet.ts";
import { containerd } from "../../bootstrap/phases/containerd.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import { blankView, cluster } from "../support/bootstrap.ts";
import { FakeRunner } from "../support/fake-runner.ts";

const stock = blankFacts({ name: "cp1" });
const container: HostFacts = {
  ...stock,
  cgroupVersion: 1,
  virtualization: "systemd-nspawn",
  canRaiseLimits: false,
};

interface Init {
  readonly nodeRegistration: Record<string, unknown>;
  readonly patches?: object;
}

function initOf(facts: HostFacts): Init {
  return parseAllDocuments(initConfig(blankView("controlPlane", { facts })))[0]?.toJS() as Init;
}

describe("kubeadm's configuration", () => {
  it("has no deviation on a stock host with cgroup v2", () => {
    assert.equal(kubeletPatch(stock), undefined);
    assert.deepEqual(Object.keys(initOf(stock).nodeRegistration), [
      "name",
      "criSocket",
      "imagePullPolicy",
      "kubeletExtraArgs",
    ]);
    assert.equal(initOf(stock).patches, undefined);
  });

  it("has the deviations that a container with cgroup v1 needs", () => {
    assert.match(kubeletPatch(container) ?? "", /failCgroupV1: false/);
    assert.deepEqual(initOf(container).nodeRegistration["ignorePreflightErrors"], ["SystemVerification"]);
    assert.deepEqual(initOf(container).patches, { directory: "/etc/keelson/patches" });
  });

  it("keeps text text for a reader of YAML 1.1, as kubeadm is", () => {
    for (const value of ["yes", "off", "n", "1:30", "0644", "2026-01-01", "1e3", ""]) {
      const apiServer = { extraArgs: { word: value } };
      const text = initConfig(
        blankView("controlPlane", { cluster: { ...cluster, controlPlane: { apiServer } } }),
      );
      const read = parseAllDocuments(text, { version: "1.1" })[1]?.toJS() as {
        apiServer: { extraArgs: object };
      };
      assert.deepEqual(read.apiServer.extraArgs, [{ name: "word", value }]);
    }
  });

  it("goes past exactly what an earlier, cut-off init left", () => {
    const kubernetes = { ...stock.kubernetes, caSha256: "a", etcdData: true, manifests: ["etcd.yaml"] };
    assert.deepEqual(initOf({ ...stock, kubernetes }).nodeRegistration["ignorePreflightErrors"], [
      "FileAvailable--etc-kubernetes-manifests-etcd.yaml",
      "DirAvailable--var-lib-etcd",
      "Port-6443",
      "Port-10259",
      "Port-10257",
      "Port-10250",
      "Port-2379",
      "Port-2380",
    ]);
  });

  it("goes past the data that etcd begins to write once its manifest is there", () => {
    const kubernetes = { ...stock.kubernetes, caSha256: "a", etcdData: false, manifests: ["etcd.yaml"] };
    assert.deepEqual(
      initOf({ ...stock, kubernetes }).nodeRegistration["ignorePreflightErrors"],
      initOf({ ...stock, kubernetes: { ...kubernetes, etcdData: true } }).nodeRegistration[
        "ignorePreflightErrors"
      ],
    );
  });

  it("skips the phases that would print tokens or install add-ons", () => {
    assert.match(
      initConfig(blankView("controlPlane")),
      /skipPhases:\n {2}- upload-certs\n {2}- addon\n {2}- show-join-command\n/,
    );
  });

  it("holds the token of a join and no private key", () => {
    const text = joinConfig(blankView("worker"), "abcdef.0123456789abcdef");
    assert.match(text, /tlsBootstrapToken: abcdef\.0123456789abcdef/);
    assert.doesNotMatch(text, /KEY/);
  });
});

describe("containerd's configuration", () => {
  const configOf = async (facts: HostFacts): Promise<string> => {
    const runner = new FakeRunner("cp1");
    const [write] = containerd.plan(blankView("controlPlane", { facts }));
    await write?.work({ runner, signal: new AbortController().signal, log: () => undefined });
    return runner.files.get("/etc/containerd/config.toml")?.toString() ?? "";
  };

  it("restricts OOM scores only on hosts that may not raise limits", async () => {
    assert.doesNotMatch(await configOf(stock), /restrict_oom_score_adj/);
    assert.match(await configOf(container), /restrict_oom_score_adj = true/);
  });

  it("uses the bundle's pause image and systemd's cgroups", async () => {
    const config = await configOf(stock);
    assert.match(config, /sandbox = "registry\.k8s\.io\/pause:3\.10\.1"/);
    assert.match(config, /SystemdCgroup = true/);
  });
});

describe("the kubelet's patches", () => {
  it("adapts a host before it joins, and never after", () => {
    const intents = (facts: HostFacts): readonly string[] =>
      kubeletPatches.plan(blankView("worker", { facts })).map(({ intent }) => intent);
    const joined = { ...container, kubernetes: { ...container.kubernetes, kubeletConf: true } };
    assert.ok(intents(container).includes("adapt the kubelet's configuration to the host"));
    assert.ok(!intents(joined).includes("adapt the kubelet's configuration to the host"));
  });
});
