import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { ApiObject } from "cdk8s";
import { canary, emptyLock, matching, rest, waves, where, withReleases } from "../../clusters/index.ts";
import { WebService } from "../../constructs/index.ts";
import {
  dependsOnAnnotation,
  type KubeObject,
  openReleaseStore,
  type ReleaseStore,
} from "../../delivery/index.ts";
import type { Cluster } from "../../stacks/components/cluster.ts";
import type { SetOptions } from "../../stacks/components/set-engine.ts";
import { Workload, type WorkloadArgs } from "../../stacks/components/workload.ts";
import { accessRecord } from "../../stacks/engine/releases.ts";
import { lateSecret } from "../../stacks/late.ts";
import { type MockedEngine, mockEngine } from "../support/mocked-engine.ts";
import { addWeb, web } from "../support/mocked-workload.ts";
import { findSecret } from "../support/secret-search.ts";

const key = "0f".repeat(32);
const password = "correct horse battery staple";
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

describe("Workload on the engine of sets", () => {
  let engine: MockedEngine;
  let folder: string;
  let before: string | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-sets-"));
    before = process.env["KEELSON_STORE_KEY"];
    process.env["KEELSON_STORE_KEY"] = key;
    engine = await mockEngine();
  });

  afterEach(async () => {
    engine.close();
    if (before === undefined) delete process.env["KEELSON_STORE_KEY"];
    else process.env["KEELSON_STORE_KEY"] = before;
    await rm(folder, { recursive: true, force: true });
  });

  it("registers one resource for each cluster, without a provider of its own, and with digests in place of objects", async () => {
    await deploy({ clusters: [cluster("edge"), cluster("cloud")], app: addWeb });

    assert.deepEqual(
      engine.registered
        .map(({ type, name }) => `${type} ${name}`)
        .filter((each) => !each.includes(":Workload "))
        .toSorted(),
      ["keelson:index:AppliedSet cloud/shop", "keelson:index:AppliedSet edge/shop"],
    );
    const { inputs, positions } = engine.find("edge/shop");
    assert.equal(positions, 0);
    assert.deepEqual(Object.keys(inputs).sort(), ["cluster", "clusterId", "inventory", "release", "store"]);
    assert.deepEqual(inputs["inventory"], { name: "keelson-shop", namespace: "shop" });
    const objects = await (await store()).get(String(inputs["release"]));
    assert.deepEqual(objects.map(({ kind }) => kind).toSorted(), [
      "Deployment",
      "Namespace",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "Service",
      "ServiceAccount",
    ]);
  });

  it("has one digest for what is the same on several clusters, and in the next run", async () => {
    const released = async (): Promise<readonly unknown[]> => {
      await deploy({ clusters: [cluster("edge"), cluster("cloud")], app: addWeb });
      return ["edge/shop", "cloud/shop"].map((name) => engine.find(name).inputs["release"]);
    };
    const first = await released();
    engine.close();
    engine = await mockEngine();

    assert.equal(first[0], first[1]);
    assert.deepEqual(await released(), first);
  });

  it("tells the store how to reach the cluster, and nobody else", async () => {
    await deploy({ clusters: [cluster("edge")], app: addWeb });

    const record = await (await store()).readRecord(accessRecord("edge-id"));
    assert.deepEqual(record, { name: "edge", kubeconfig: "kubeconfig of edge" });
    assert.doesNotMatch(JSON.stringify(engine.find("edge/shop").inputs), /kubeconfig/);
  });

  it("carries late secrets into the store alone", async () => {
    const env = { PASSWORD: lateSecret(pulumi.secret(password)) };
    await deploy({
      clusters: [cluster("edge")],
      app: (chart) => {
        new WebService(chart, "web", { ...web, env });
      },
    });

    const { inputs } = engine.find("edge/shop");
    const objects = await (await store()).get(String(inputs["release"]));
    const [secret] = objects.filter(({ kind }) => kind === "Secret");
    assert.ok(
      JSON.stringify(secret).includes(password) || JSON.stringify(secret).includes(encoded(password)),
    );
    assert.doesNotMatch(JSON.stringify(engine.registered), new RegExp(password));
    assert.deepEqual(await findSecret(password, [folder]), []);
  });

  it("keeps the order that the program asks for, and what must stay", async () => {
    await deploy({
      clusters: [cluster("edge")],
      app: (chart) => {
        const data = { apiVersion: "v1", kind: "ConfigMap" };
        const first = new ApiObject(chart, "first", { ...data, metadata: { name: "first" } });
        const second = new ApiObject(chart, "second", { ...data, metadata: { name: "second" } });
        second.addDependency(first);
        const annotations = { "helm.sh/resource-policy": "keep" };
        const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
        const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", spec };
        new ApiObject(chart, "data", { ...claim, metadata: { name: "data", annotations } });
      },
    });

    const objects = await released("edge/shop");
    const annotations = (name: string): Readonly<Record<string, string>> =>
      objects.find(({ metadata }) => metadata.name === name)?.metadata.annotations ?? {};
    assert.equal(annotations("second")[dependsOnAnnotation], "/namespaces/shop/ConfigMap/first");
    assert.equal(annotations("first")[dependsOnAnnotation], undefined);
    // Nothing outlives its namespace.
    const stay = "client.lifecycle.config.k8s.io/deletion";
    assert.deepEqual([annotations("shop")[stay], annotations("first")[stay]], ["detach", undefined]);
  });

  describe("with a lock", () => {
    const lock = withReleases(emptyLock, "shop", { edge: digest("1") });

    it("gives each cluster what the lock says, and nothing to those that it does not name", async () => {
      await deploy({ clusters: [cluster("edge"), cluster("cloud")], app: addWeb }, { lock });

      assert.equal(engine.find("edge/shop").inputs["release"], digest("1"));
      assert.equal(
        engine.registered.some(({ name }) => name === "cloud/shop"),
        false,
      );
    });

    it("offers what it renders, with the clusters of each wave", async () => {
      const rollout = waves([matching(where({ region: "us" })), canary(1), rest()], { maxFailures: 2 });
      const clusters = [cluster("us1", { region: "us" }), cluster("eu1"), cluster("eu2")];
      await deploy({ clusters, app: addWeb }, { lock, rollout });

      const offer = (await (await store()).readRecord("apps/shop")) as Offer;

      assert.deepEqual(
        offer.waves.map((wave) => wave.clusters),
        [["us1"], ["eu1"], ["eu2"]],
      );
      assert.equal(offer.rules.maxFailures, 2);
      const { release, ...place } = offer.clusters["eu2"]!;
      assert.deepEqual(place, {
        clusterId: "eu2-id",
        inventory: { name: "keelson-shop", namespace: "shop" },
      });
      assert.equal((await (await store()).get(release)).length, 6);
    });

    it("goes where its decision says, with its replicas, and leaves the rest to the rollout", async () => {
      const apps = { shop: { tier: 0, clusters: { edge: 5, fresh: 3 } } };
      const placed = withReleases({ ...lock, decision: { apps } }, "shop", { left: digest("2") });
      const clusters = ["edge", "fresh", "left", "other"].map((name) => cluster(name));
      const asked: string[] = [];
      await deploy(
        {
          clusters,
          app: (chart, { name, replicas }) => {
            asked.push(`${name} ${replicas}`);
            new WebService(chart, "web", { ...web, replicas });
          },
        },
        { lock: placed },
      );

      assert.deepEqual(asked, ["edge 5", "fresh 3", "left 2"]);
      assert.equal(engine.find("left/shop").inputs["release"], digest("2"), "until it is taken away");
      assert.ok(!engine.registered.some(({ name }) => name === "fresh/shop"), "until its wave");
      const offer = (await (await store()).readRecord("apps/shop")) as Offer;
      assert.deepEqual(Object.keys(offer.clusters), ["edge", "fresh"]);
      const objects = await (await store()).get(offer.clusters["fresh"]?.release ?? "");
      const deployment = objects.find(({ kind }) => kind === "Deployment") as
        | { readonly spec?: { readonly replicas?: number } }
        | undefined;
      assert.equal(deployment?.spec?.replicas, 3);
    });

    it("is refused if its decision names a cluster that the program does not have", () => {
      const apps = { shop: { tier: 0, clusters: { edge: 1, gone: 1 } } };
      const set = { lock: { ...lock, decision: { apps } } };

      assert.throws(() => new Workload("shop", args({ clusters: [cluster("edge")], app: addWeb }, set)), {
        code: "KEELSON_INVALID_INPUT",
        message: /the lock places it on gone, which/,
      });
    });

    it("is refused if its file is none", () => {
      assert.throws(
        () => new Workload("shop", args({ clusters: [], app: addWeb }, { lock: "no/such/file" })),
        {
          code: "KEELSON_INVALID_INPUT",
          message: /no\/such\/file/,
        },
      );
    });
  });

  it("does not offer in a preview what is not known yet", async () => {
    engine.close();
    engine = await mockEngine({ preview: true });
    const unknown = pulumi.output(pulumi.unknown) as unknown as Cluster["kubeconfig"];
    const edge = cluster("edge", {}, unknown);

    await deploy({ clusters: [edge], app: addWeb });

    assert.equal(await (await store()).readRecord("apps/shop"), undefined);
  });

  it("tells where services answer", async () => {
    const workload = await deploy({
      clusters: [cluster("edge")],
      app: (chart) => {
        new WebService(chart, "web", { ...web, expose: { nodePort: 30_080 } });
      },
    });

    const addresses = await engine.valueOf(workload.addresses);
    assert.deepEqual(addresses["edge"]?.["web"]?.urls, ["http://10.0.0.1:30080"]);
  });

  for (const [title, name, more, code] of [
    ["options of sets for single objects", "shop", { set: {} }, "KEELSON_NOT_SUPPORTED"],
    ["a name that is no label", "Shop", { engine: "set" }, "KEELSON_INVALID_INPUT"],
  ] as const) {
    it(`refuses ${title}`, () => {
      assert.throws(() => new Workload(name, { clusters: [], app: addWeb, ...more }), { code });
    });
  }

  function args(more: WorkloadArgs, set: SetOptions = {}): WorkloadArgs {
    return { ...more, engine: "set", set: { store: pathToFileURL(folder).href, ...set } };
  }

  async function deploy(more: WorkloadArgs, set?: SetOptions): Promise<Workload> {
    const workload = new Workload("shop", args(more, set));
    await pulumi.runtime.disconnect();
    return workload;
  }

  function store(): Promise<ReleaseStore> {
    return openReleaseStore({ reference: pathToFileURL(folder).href, key });
  }

  async function released(name: string): Promise<readonly KubeObject[]> {
    return (await store()).get(String(engine.find(name).inputs["release"]));
  }
});

interface Offer {
  readonly clusters: Readonly<Record<string, { readonly release: string }>>;
  readonly waves: readonly { readonly clusters: readonly string[] }[];
  readonly rules: { readonly maxFailures: number };
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64");
}

function cluster(
  name: string,
  labels: Readonly<Record<string, string>> = {},
  kubeconfig: Cluster["kubeconfig"] = pulumi.secret(`kubeconfig of ${name}`),
): Cluster {
  return {
    name,
    labels,
    kubeconfig,
    get provider(): never {
      throw new Error("No provider of Kubernetes is needed");
    },
    profile: { kubernetes: "1.35" },
    clusterId: pulumi.output(`${name}-id`),
    nodeAddresses: { a: pulumi.output("10.0.0.1") },
    deletedWith: undefined,
    digestKey: pulumi.secret(`digest key of ${name}`),
  };
}
