import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { Hook } from "../../clusters/settings/hooks.ts";
import { BareMetalCluster, type BareMetalClusterArgs } from "../../stacks/components/bare-metal-cluster.ts";
import { ExistingCluster } from "../../stacks/components/existing-cluster.ts";
import { fleetName } from "../../stacks/components/fleet-name.ts";
import { LocalCluster } from "../../stacks/components/local-cluster.ts";
import { type MockedEngine, mockEngine } from "../support/mocked-engine.ts";

const key = "-----BEGIN OPENSSH PRIVATE KEY-----";

describe("cluster components", () => {
  let engine: MockedEngine;

  beforeEach(async () => {
    engine = await mockEngine();
  });

  afterEach(() => {
    engine.close();
  });

  async function bareMetal(changes: Partial<BareMetalClusterArgs> = {}): Promise<BareMetalCluster> {
    const cluster = new BareMetalCluster("edge", {
      ssh: { user: "admin", privateKey: key },
      controlPlane: { hosts: { cp1: { address: "10.0.0.11" } } },
      pools: {
        general: {
          hosts: { w1: { address: "10.0.0.21" }, w2: { address: "10.0.0.22", ssh: { user: "root" } } },
          labels: { tier: "general" },
        },
      },
      ...changes,
    });
    await settled(cluster);
    return cluster;
  }

  it("declare the nodes in the order in which they can be made", async () => {
    await bareMetal();
    const made = engine.registered.filter(({ type }) => type.startsWith("keelson:index:"));
    assert.deepEqual(
      made.map(({ type, name }) => `${type.slice("keelson:index:".length)} ${name}`),
      [
        "BareMetalCluster edge",
        "ClusterIdentity edge",
        "ClusterHosts edge",
        "ControlPlane edge",
        "ClusterServices edge",
        "WorkerNode edge-w1",
        "WorkerNode edge-w2",
        "ClusterEndpoint edge",
      ],
    );
  });

  it("lead the Kubernetes provider through the hosts that are behind a bastion", async () => {
    const bastion = { address: "203.0.113.7", privateKey: key };
    await bareMetal({ ssh: { user: "admin", privateKey: key, sudoPassword: "open sesame", bastion } });
    const proxy = typed("ApiProxy");
    assert.match(proxy?.provider ?? "", /pulumi:providers:keelson::edge::/);
    assert.match(proxy?.deletedWith ?? "", /ClusterHosts::edge$/);
    const provider = engine.registered.find(({ type }) => type === "pulumi:providers:keelson");
    const settings = JSON.stringify(provider?.inputs);
    assert.match(settings, /203\.0\.113\.7/);
    assert.doesNotMatch(settings, /open sesame/);
    engine.registered.length = 0;
    await bareMetal({ apiAccess: "direct", ssh: { privateKey: key, bastion } });
    assert.equal(typed("ApiProxy"), undefined);
  });

  it("lead it through whichever control-plane host lives where these have no address in common", async () => {
    const hosts = {
      cp1: { address: "10.0.0.11" },
      cp2: { address: "10.0.0.12" },
      cp3: { address: "10.0.0.13" },
    };
    await bareMetal({ controlPlane: { hosts } });
    assert.ok(typed("ApiProxy"));
    for (const endpoint of [{ vip: "10.0.0.100" }, { external: "api.example.com" }]) {
      engine.registered.length = 0;
      await bareMetal({ controlPlane: { hosts, endpoint } });
      assert.equal(typed("ApiProxy"), undefined);
    }
  });

  it("delete everything of a cluster with its hosts, and a worker with no machine", async () => {
    await bareMetal();
    for (const type of ["ControlPlane", "ClusterServices", "WorkerNode"]) {
      assert.match(typed(type)?.deletedWith ?? "", /ClusterHosts::edge$/);
    }
  });

  it("make a secret of every proxy's address", async () => {
    await bareMetal({
      proxy: { http: "http://ops:hunter2@proxy.example.org:3128", noProxy: ["10.0.0.0/8"] },
    });

    for (const type of ["ClusterHosts", "ControlPlane", "ClusterServices", "WorkerNode"]) {
      const cluster = typed(type)?.inputs["cluster"];
      // This key marks a secret on its way to the engine.
      assert.ok(
        typeof cluster === "object" && cluster !== null && "4dabf18193072939515e22adb298388d" in cluster,
      );
    }
  });

  it("give kubelets and hosts what the pool and the host itself want, and the control plane its settings", async () => {
    await bareMetal({
      controlPlane: {
        hosts: { cp1: { address: "10.0.0.11" } },
        kubelet: { maxPods: 40 },
        apiServer: { extraArgs: { profiling: false } },
      },
      pools: {
        general: {
          hosts: {
            w2: { address: "10.0.0.22", kubelet: { maxPods: 50 }, files: { "/etc/b": { content: "b" } } },
          },
          kubelet: { maxPods: 200, podsPerCore: 20 },
          files: { "/etc/a": { content: "a" } },
        },
      },
    });

    const { value: host } = engine.find("edge-w2").inputs["host"] as { value: Record<string, unknown> };
    assert.deepEqual(host["kubelet"], { maxPods: 50, podsPerCore: 20 });
    assert.deepEqual(host["files"], { "/etc/a": { content: "a" }, "/etc/b": { content: "b" } });
    const plane = typed("ControlPlane")?.inputs as {
      cluster: Record<string, unknown>;
      hosts: { value: Record<string, Record<string, unknown>> };
    };
    assert.deepEqual(plane.cluster["controlPlane"], { apiServer: { extraArgs: { profiling: false } } });
    assert.deepEqual(plane.hosts.value["cp1"]?.["kubelet"], { maxPods: 40 });
  });

  it("give hooks of the cluster to every host, and put the pool's and the host's own in their place", async () => {
    const script = (text: string): Hook => ({ after: "join", script: text });
    await bareMetal({
      hooks: { told: script("cluster"), kept: script("cluster") },
      controlPlane: { hosts: { cp1: { address: "10.0.0.11" } }, hooks: { own: script("plane") } },
      pools: {
        general: {
          hosts: { w2: { address: "10.0.0.22", hooks: { last: script("host") } } },
          hooks: { told: script("pool"), last: script("pool") },
        },
      },
    });

    const scripts = (host: Record<string, unknown> | undefined): Record<string, string> =>
      Object.fromEntries(
        Object.entries(host?.["hooks"] as Record<string, Hook>).map(([name, hook]) => [name, hook.script]),
      );
    const { value: worker } = engine.find("edge-w2").inputs["host"] as { value: Record<string, unknown> };
    assert.deepEqual(scripts(worker), { told: "pool", kept: "cluster", last: "host" });
    const plane = typed("ControlPlane")?.inputs as {
      hosts: { value: Record<string, Record<string, unknown>> };
    };
    assert.deepEqual(scripts(plane.hosts.value["cp1"]), { told: "cluster", kept: "cluster", own: "plane" });
  });

  it("make a secret of a registry's password, its own and its mirrors'", async () => {
    const auth = { username: "robot", password: "hunter2" };
    await bareMetal({
      registries: { "docker.io": { auth, mirrors: [{ url: "https://mirror.example.org", auth }] } },
    });

    const open = JSON.stringify(engine.registered, (_key, item: unknown) =>
      typeof item === "object" && item !== null && "4dabf18193072939515e22adb298388d" in item
        ? "secret"
        : item,
    );
    assert.ok(!open.includes("hunter2"));
    assert.ok(JSON.stringify(engine.registered).includes("hunter2"));
  });

  it("give each host the pool's labels and its own way of being reached", async () => {
    await bareMetal();
    // A secret inside of a property makes the whole property one in what a mock sees.
    const { value: host } = engine.find("edge-w2").inputs["host"] as {
      value: Record<string, Record<string, unknown>>;
    };
    assert.deepEqual(host["labels"], { "keelson.dev/pool": "general", tier: "general" });
    assert.equal(host["connection"]?.["user"], "root");
    assert.equal(host["nodeAddress"], "10.0.0.22");
  });

  it("never register a private key openly", async () => {
    await bareMetal();
    const open = JSON.stringify(engine.registered, (_key, item: unknown) =>
      typeof item === "object" && item !== null && "4dabf18193072939515e22adb298388d" in item
        ? "secret"
        : item,
    );
    assert.ok(!open.includes(key));
    assert.ok(JSON.stringify(engine.registered).includes(key));
  });

  it("key digests with a secret of their own identity, which is registered nowhere", async () => {
    const edge = await bareMetal();
    const east = new LocalCluster("east");
    await settled(east);

    const [first, second] = [await engine.valueOf(edge.digestKey), await engine.valueOf(east.digestKey)];
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.notEqual(first, second);
    assert.ok(await pulumi.isSecret(edge.digestKey));
    assert.ok(!JSON.stringify(engine.registered).includes(first));
  });

  it("keep the key of digests as long as the identity lives, whatever else changes", async () => {
    const before = await engine.valueOf((await bareMetal()).digestKey);
    engine = await mockEngine();
    const changed = await bareMetal({ kubernetes: "1.36.3", ssh: { user: "root" } });

    assert.equal(await engine.valueOf(changed.digestKey), before);
  });

  it("refuse two hosts of one name", async () => {
    await assert.rejects(
      bareMetal({ pools: { other: { hosts: { cp1: { address: "10.0.0.23" } } } } }),
      /Cannot declare cluster "edge": several hosts are named "cp1"/,
    );
  });

  it("offer applications the minor version that they run", async () => {
    const { profile } = await bareMetal({ kubernetes: "1.36.3", profile: { podSecurity: "baseline" } });
    assert.deepEqual(profile, { kubernetes: "1.36", podSecurity: "baseline" });
  });

  it("make a machine per node of a local cluster, in the stack's own fleet", async () => {
    await settled(new LocalCluster("east", { workers: 2 }));
    const machines = engine.registered.filter(({ type }) => type.endsWith(":LocalMachine"));
    assert.deepEqual(
      machines.map(({ inputs }) => [inputs["name"], inputs["fleet"]]),
      ["cp1", "w1", "w2"].map((host) => [`project-stack-east-${host}`, "project-stack"]),
    );
    assert.equal(typed("ClusterHosts")?.inputs["disposable"], true);
  });

  it("take a cluster that is there by its kubeconfig", async () => {
    const cluster = new ExistingCluster("cloud", { kubeconfig: "config", profile: { kubernetes: "1.35" } });
    await settled(cluster);
    const provider = engine.registered.find(({ type }) => type === "pulumi:providers:kubernetes");
    assert.equal(provider?.inputs["clusterIdentifier"], "cloud");
    assert.equal(cluster.deletedWith, undefined);
    assert.ok(await pulumi.isSecret(cluster.kubeconfig));
    assert.ok(await pulumi.isSecret(cluster.digestKey));
    assert.notEqual(await engine.valueOf(cluster.digestKey), "config");
  });

  it("key digests of a cluster that is there as the program says", async () => {
    const profile = { kubernetes: "1.35" } as const;
    const cluster = new ExistingCluster("cloud", {
      kubeconfig: "config",
      profile,
      digestKey: "long and random",
    });
    await settled(cluster);

    assert.equal(await engine.valueOf(cluster.digestKey), "long and random");
    assert.ok(await pulumi.isSecret(cluster.digestKey));
  });

  function typed(type: string): MockedEngine["registered"][number] | undefined {
    return engine.registered.find((resource) => resource.type === `keelson:index:${type}`);
  }

  /** Registration goes on after the constructor; an output of the last resource ends it. */
  async function settled(cluster: { readonly provider: pulumi.Resource }): Promise<void> {
    await engine.valueOf(cluster.provider.urn);
    await pulumi.runtime.disconnect();
  }
});

describe("the name of a fleet", () => {
  it("is project and stack where they fit", () => {
    assert.equal(fleetName("keelson", "local"), "keelson-local");
  });

  it("stays a short label, and another one for another stack", () => {
    const names = [
      "Production_EU",
      "production-eu",
      "a-very-long-name-of-a-stack-1",
      "a-very-long-name-of-a-stack-2",
    ];
    const fleets = names.map((name) => fleetName("platform", name));
    assert.equal(new Set(fleets).size, names.length);
    for (const fleet of fleets) assert.match(fleet, /^[a-z0-9]([-a-z0-9]{0,22}[a-z0-9])$/);
  });
});
