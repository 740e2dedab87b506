import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ApiObject } from "cdk8s";
import { Volume, WebService } from "../../constructs/index.ts";
import { KeelsonError } from "../../errors.ts";
import type { WorkloadArgs } from "../../stacks/components/workload.ts";
import { late, lateSecret } from "../../stacks/late.ts";
import { type MockedEngine, mockEngine } from "../support/mocked-engine.ts";
import { addWeb, mockedCluster as cluster, deployMocked as deploy, web } from "../support/mocked-workload.ts";

describe("Workload", () => {
  let engine: MockedEngine;

  beforeEach(async () => {
    engine = await mockEngine();
  });

  afterEach(() => {
    engine.close();
  });

  it("registers every object of the app on each cluster under a stable name", async () => {
    await deploy("shop", { clusters: [cluster("edge"), cluster("cloud")], app: addWeb });
    const kinds = [
      "Namespace",
      "ServiceAccount",
      "NetworkPolicy",
      "Service",
      "Deployment",
      "PodDisruptionBudget",
    ];
    const expected = ["edge", "cloud"].flatMap((name) =>
      kinds.map((kind) => `${name}/shop/${kind}/${kind === "Namespace" ? "shop" : "shop/web"}`),
    );
    assert.deepEqual(
      engine
        .objects()
        .map(({ name }) => name)
        .toSorted(),
      expected.toSorted(),
    );
    assert.deepEqual(engine.find("edge/shop/Service/shop/web").type, "kubernetes:core/v1:Service");
    assert.deepEqual(
      engine.find("edge/shop/NetworkPolicy/shop/web").type,
      "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    );
  });

  it("gives every object the provider of its cluster", async () => {
    await deploy("shop", { clusters: [cluster("edge"), cluster("cloud")], app: addWeb });
    for (const { name, provider } of engine.objects()) {
      assert.match(provider, new RegExp(`::${String(name.split("/")[0])}-provider::`), name);
    }
  });

  it("creates the namespace, then what the pods refer to, then the pods", async () => {
    await deploy("shop", { clusters: [cluster("edge")], app: addWeb });
    const before = (name: string): readonly string[] => engine.find(`edge/shop/${name}`).dependsOn;
    assert.deepEqual(before("Namespace/shop"), []);
    assert.deepEqual(before("ServiceAccount/shop/web"), ["edge/shop/Namespace/shop"]);
    assert.deepEqual(before("Deployment/shop/web").toSorted(), [
      "edge/shop/Namespace/shop",
      "edge/shop/NetworkPolicy/shop/web",
      "edge/shop/ServiceAccount/shop/web",
    ]);
    assert.deepEqual(
      before("Service/shop/web"),
      ["edge/shop/Namespace/shop"],
      "a service waits for its pods itself",
    );
  });

  it("deletes objects with their cluster, except those that cost money outside of it", async () => {
    const app: WorkloadArgs["app"] = (chart) => {
      new WebService(chart, "web", {
        ...web,
        patch: { service: { spec: { type: "LoadBalancer" } } },
      });
    };
    await deploy("shop", { clusters: [cluster("edge")], app });
    assert.match(engine.find("edge/shop/Deployment/shop/web").deletedWith, /edge-end$/);
    assert.equal(engine.find("edge/shop/Service/shop/web").deletedWith, "");
  });

  it("leaves volumes whose data is kept on the cluster, and the namespace that they are in", async () => {
    const withVolume =
      (whenDeleted: "Retain" | "Delete"): WorkloadArgs["app"] =>
      (chart) => {
        new Volume(chart, "uploads", { size: "1Gi", whenDeleted });
      };
    await deploy("kept", { clusters: [cluster("edge")], app: withVolume("Retain") });
    await deploy("gone", { clusters: [cluster("edge")], app: withVolume("Delete") });
    const retained = engine.objects().flatMap(({ name, retained }) => (retained ? [name] : []));
    assert.deepEqual(retained.toSorted(), [
      "edge/kept/Namespace/kept",
      "edge/kept/PersistentVolumeClaim/kept/uploads",
    ]);
  });

  it("labels the namespace with the level of the cluster's profile", async () => {
    await deploy("shop", { clusters: [cluster("edge")], app: addWeb });
    const { inputs } = engine.find("edge/shop/Namespace/shop");
    assert.equal((inputs["metadata"] as Labelled).labels["pod-security.kubernetes.io/enforce"], "restricted");
  });

  it("leaves a namespace alone that it shall not create", async () => {
    const namespace = { name: "team-a", create: false };
    await deploy("shop", { clusters: [cluster("edge")], namespace, app: addWeb });
    assert.ok(engine.objects().every(({ type }) => !type.endsWith(":Namespace")));
    assert.ok(engine.find("edge/shop/Service/team-a/web"));
  });

  it("tells the app about each cluster", async () => {
    const app: WorkloadArgs["app"] = (chart, { name, labels }) => {
      new WebService(chart, "web", { ...web, env: { CLUSTER: name, TIER: labels["tier"] ?? "none" } });
    };
    await deploy("shop", { clusters: [cluster("edge"), cluster("cloud")], app });
    assert.deepEqual(envOf(engine, "edge"), [
      { name: "CLUSTER", value: "edge" },
      { name: "TIER", value: "edge-tier" },
    ]);
    assert.deepEqual(envOf(engine, "cloud")[0], { name: "CLUSTER", value: "cloud" });
  });

  it("fills in late values once they are known", async () => {
    const host = pulumi.output(Promise.resolve("db.internal"));
    await deploy("shop", { clusters: [cluster("edge")], app: withEnv({ HOST: late(host) }) });
    assert.deepEqual(envOf(engine, "edge"), [{ name: "HOST", value: "db.internal" }]);
  });

  it("keeps a late secret in a Secret, marked as secret, and away from the pods", async () => {
    const password = pulumi.secret("hunter2");
    await deploy("shop", { clusters: [cluster("edge")], app: withEnv({ PASSWORD: lateSecret(password) }) });
    const secret = engine.find("edge/shop/Secret/shop/web-env");
    assert.ok(pulumi.runtime.isRpcSecret(secret.inputs["stringData"]));
    assert.deepEqual(pulumi.runtime.unwrapRpcSecret(secret.inputs["stringData"]), { PASSWORD: "hunter2" });
    const reference = { secretKeyRef: { name: "web-env", key: "PASSWORD" } };
    assert.deepEqual(envOf(engine, "edge"), [{ name: "PASSWORD", valueFrom: reference }]);
    assert.ok(!JSON.stringify(engine.find("edge/shop/Deployment/shop/web").inputs).includes("hunter2"));
    assert.ok(
      engine.find("edge/shop/Deployment/shop/web").dependsOn.includes("edge/shop/Secret/shop/web-env"),
    );
  });

  it("replaces the pods when a secret changes, and only then", async () => {
    const digestWith = async (value: string): Promise<string> => {
      engine = await mockEngine();
      const env = { PASSWORD: lateSecret(pulumi.secret(value)) };
      await deploy("shop", { clusters: [cluster("edge")], app: withEnv(env) });
      return templateOf(engine, "edge").metadata.annotations?.["keelson.dev/secret-digest"] ?? "";
    };
    const first = await digestWith("hunter2");
    assert.match(first, /^[a-f0-9]{64}$/);
    assert.equal(await digestWith("hunter2"), first);
    assert.notEqual(await digestWith("hunter3"), first);
  });

  it("keys the digest of a secret by the cluster", async () => {
    const env = { PASSWORD: lateSecret(pulumi.secret("hunter2")) };
    await deploy("shop", { clusters: [cluster("edge"), cluster("cloud")], app: withEnv(env) });
    assert.notDeepEqual(templateOf(engine, "edge").metadata, templateOf(engine, "cloud").metadata);
  });

  it("refuses a late secret outside of a Secret before it registers anything", async () => {
    const app: WorkloadArgs["app"] = (chart) => {
      const data = { token: lateSecret("hunter2") };
      new ApiObject(chart, "config", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "config" },
        data,
      });
    };
    const error = await failure(() => deploy("shop", { clusters: [cluster("edge")], app }));
    assert.match(
      error.message,
      /error shop\/config data\.token: a secret stands in a ConfigMap.*\[late-secret-exposed\]/,
    );
    assert.deepEqual(engine.objects(), []);
  });

  it("refuses an Output that is not wrapped, and says how to wrap it", async () => {
    const app: WorkloadArgs["app"] = (chart) => {
      const data = { host: pulumi.output("db") };
      new ApiObject(chart, "config", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "config" },
        data,
      });
    };
    const error = await failure(() => deploy("shop", { clusters: [cluster("edge")], app }));
    assert.match(error.message, /error shop\/config data\.host: an Output stands here.*\n.*late\(output\)/);
  });

  it("tells where an object cannot be rendered", async () => {
    const app: WorkloadArgs["app"] = (chart) => {
      const data = { at: new Date(0) };
      new ApiObject(chart, "config", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "config" },
        data,
      });
    };
    const error = await failure(() => deploy("shop", { clusters: [cluster("edge")], app }));
    assert.match(error.message, /error shop\/config .*'Date'.*\[unrenderable\]/);
  });

  it("shows all findings of all clusters at once", async () => {
    const app: WorkloadArgs["app"] = (chart, { name }) => {
      new WebService(chart, "web", { ...web, port: 0 });
      new WebService(chart, `only-${name}`, { ...web, replicas: -1 });
    };
    const error = await failure(() => deploy("shop", { clusters: [cluster("edge"), cluster("cloud")], app }));
    assert.equal(error.code, "KEELSON_INVALID_CONSTRUCT");
    assert.equal(error.message.match(/shop\/web port: 0 is not/g)?.length, 1);
    assert.match(error.message, /shop\/only-edge replicas: -1/);
    assert.match(error.message, /shop\/only-cloud replicas: -1/);
  });

  it("shows warnings with the workload, once as such, and deploys", async () => {
    await deploy("shop", {
      clusters: [cluster("edge")],
      app: (chart) => {
        new WebService(chart, "web", { image: web.image, port: 8080 });
      },
    });
    const text = engine.warnings.join("\n");
    assert.match(text, /^warning: .*shop\/web health: .*\[health-undeclared\]/m);
    assert.doesNotMatch(text, /warning.* warning /);
    assert.ok(engine.find("edge/shop/Deployment/shop/web"));
  });

  it("tells where services answer", async () => {
    const workload = await deploy("shop", {
      clusters: [cluster("edge")],
      app: (chart) => {
        new WebService(chart, "web", { ...web, expose: { nodePort: 30_080 } });
        new WebService(chart, "inner", web);
      },
    });
    const addresses = await engine.valueOf(workload.addresses);
    assert.deepEqual(addresses["edge"]?.["web"]?.urls, ["http://10.0.0.1:30080", "http://[fd00::2]:30080"]);
    assert.deepEqual(addresses["edge"]["inner"]?.urls, []);
  });

  it("tells the URLs of fixed node ports in a preview, before the cluster is there", async () => {
    engine = await mockEngine({ preview: true });
    const workload = await deploy("shop", {
      clusters: [cluster("edge")],
      app: (chart) => {
        new WebService(chart, "web", { ...web, expose: { nodePort: 30_080 } });
      },
    });
    const { urls } = (await engine.valueOf(workload.addresses))["edge"]!["web"]!;
    assert.deepEqual(urls, ["http://10.0.0.1:30080", "http://[fd00::2]:30080"]);
  });
});

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

interface Template {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly env: readonly unknown[] }[] };
}

function withEnv(env: NonNullable<ConstructorParameters<typeof WebService>[2]["env"]>): WorkloadArgs["app"] {
  return (chart) => {
    new WebService(chart, "web", { ...web, env });
  };
}

async function failure(work: () => Promise<unknown>): Promise<KeelsonError> {
  const error: unknown = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(KeelsonError.is(error), "the work must fail with an error of keelson");
  return error;
}

function templateOf(engine: MockedEngine, name: string): Template {
  const { inputs } = engine.find(`${name}/shop/Deployment/shop/web`);
  return (inputs["spec"] as { template: Template }).template;
}

function envOf(engine: MockedEngine, name: string): readonly unknown[] {
  return templateOf(engine, name).spec.containers[0]?.env ?? [];
}
