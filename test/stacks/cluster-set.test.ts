import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import fc from "fast-check";
import type { Profile } from "../../clusters/profile.ts";
import { WebService, type WebServiceProps, Worker } from "../../constructs/index.ts";
import { KeelsonError } from "../../errors.ts";
import type { Cluster } from "../../stacks/components/cluster.ts";
import { ClusterSet } from "../../stacks/components/cluster-set.ts";
import { Workload, type WorkloadArgs } from "../../stacks/components/workload.ts";
import { assertGolden } from "../support/golden.ts";
import { type MockedEngine, mockEngine } from "../support/mocked-engine.ts";
import { mockedCluster, web } from "../support/mocked-workload.ts";

const expose = { nodePort: 30_090, clusterSet: true } as const;

function member(name: string, profile: Partial<Profile> = { clusterSet: "nodePort" }): Cluster {
  const cluster = mockedCluster(name);
  return { ...cluster, profile: { ...cluster.profile, ...profile } };
}

const exporting =
  (props: Partial<WebServiceProps> = {}): WorkloadArgs["app"] =>
  (chart) => {
    new WebService(chart, "api", { ...web, expose, ...props } as WebServiceProps);
  };

const importing: WorkloadArgs["app"] = (chart) => {
  const uses = { api: { imported: "api", namespace: "shop" } };
  new Worker(chart, "worker", { image: "ghcr.io/acme/worker:1", uses, access: { to: [] } });
};

describe("ClusterSet", () => {
  let engine: MockedEngine;
  let keyBefore: string | undefined;

  beforeEach(async () => {
    keyBefore = process.env["KEELSON_STORE_KEY"];
    process.env["KEELSON_STORE_KEY"] = "0f".repeat(32);
    engine = await mockEngine();
  });

  afterEach(() => {
    engine.close();
    if (keyBefore === undefined) delete process.env["KEELSON_STORE_KEY"];
    else process.env["KEELSON_STORE_KEY"] = keyBefore;
  });

  const settle = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    await pulumi.runtime.disconnect();
  };
  const objectsOf = (cluster: string): readonly string[] =>
    engine
      .objects()
      .map(({ name }) => name)
      .filter((name) => name.startsWith(`${cluster}/all/`))
      .map((name) => name.slice(`${cluster}/all/`.length))
      .toSorted();
  const prepared = ["ConfigMap/coredns-clusterset", "Namespace/keelson-clusterset"];
  const refused = (make: () => unknown, message: RegExp): void => {
    assert.throws(make, (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_INVALID_INPUT");
      assert.match(error.message, message);
      return true;
    });
  };

  it("makes what one cluster exports answer in all of them", async () => {
    const [east, west] = [member("east"), member("west", { clusterSet: "nodePort", dnsDomain: "west.test" })];
    const clusterSet = new ClusterSet("all", { clusters: [east, west] });
    new Workload("shop", { clusters: [east], clusterSet, app: exporting() });
    await settle();

    assert.deepEqual(objectsOf("east"), [...prepared, "shop/api"]);
    assert.deepEqual(objectsOf("west"), [...prepared, "shop/api", "shop/api/east"]);
    const golden = engine
      .objects()
      .filter(({ name }) => name.includes("/all/"))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ inputs }) => stringify(inputs));
    assertGolden("cluster-set/members.yaml", golden.join("---\n"));
  });

  it("takes endpoints away before what they lead to, and makes them after it", async () => {
    const [east, west] = [member("east"), member("west")];
    const clusterSet = new ClusterSet("all", { clusters: [east, west] });
    new Workload("shop", { clusters: [east], clusterSet, app: exporting() });
    await settle();

    const slice = engine.find("west/all/shop/api/east");
    assert.ok(slice.dependsOn.includes("east/shop/Service/shop/api"));
    assert.match(slice.deletedWith, /west-end$/);
    assert.ok(slice.dependsOn.includes("west/all/Namespace/keelson-clusterset"));
  });

  it("leads every cluster to all that export a service, and one that does to itself", async () => {
    const names = ["a", "b", "c", "d"];
    const subset = fc.subarray(names, { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(subset, subset, async (all, wanted) => {
        const exporters = wanted.filter((name) => all.includes(name));
        engine = await mockEngine();
        const clusters = all.map((name) => member(name));
        const clusterSet = new ClusterSet("all", { clusters });
        const chosen = clusters.filter(({ name }) => exporters.includes(name));
        new Workload("shop", { clusters: chosen, clusterSet, app: exporting() });
        await settle();

        for (const name of all) {
          const others = exporters.includes(name) ? [] : exporters.map((each) => `shop/api/${each}`);
          const own = exporters.length > 0 ? ["shop/api"] : [];
          assert.deepEqual(objectsOf(name), [...prepared, ...own, ...others]);
          if (own.length === 0) continue;
          const { spec } = engine.find(`${name}/all/shop/api`).inputs as { spec: { type: string } };
          assert.equal(spec.type, exporters.includes(name) ? "ExternalName" : "ClusterIP");
        }
      }),
      { numRuns: 25 },
    );
  });

  it("lets programs call the nodes of the other clusters alone", async () => {
    const [east, west] = [member("east"), member("west")];
    const addresses = { west: [pulumi.output("198.51.100.7")] };
    const clusterSet = new ClusterSet("all", { clusters: [east, west], addresses });
    new Workload("shop", { clusters: [west], clusterSet, app: exporting() });
    new Workload("jobs", { clusters: [east], clusterSet, app: importing });
    await settle();

    const { spec } = engine.find("east/jobs/NetworkPolicy/jobs/worker").inputs as {
      spec: { egress: { to: unknown }[] };
    };
    assert.deepEqual(spec.egress.at(-1)?.to, [{ ipBlock: { cidr: "198.51.100.7/32" } }]);
    assert.deepEqual(engine.warnings, []);
  });

  it("takes exports of apps that are applied as sets, too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keelson-sets-"));
    const [east, west] = [member("east"), member("west")];
    const clusterSet = new ClusterSet("all", { clusters: [east, west] });
    const set = { store: pathToFileURL(folder).href };
    new Workload("shop", { clusters: [east], clusterSet, engine: "set", set, app: exporting() });
    await settle();
    await rm(folder, { recursive: true });

    assert.deepEqual(objectsOf("west"), [...prepared, "shop/api", "shop/api/east"]);
    assert.ok(engine.find("west/all/shop/api/east").dependsOn.includes("east/shop"));
  });

  it("leaves everything to the controller where there is one", async () => {
    const mcs = { clusterSet: "mcs" } as const;
    const [east, west] = [member("east", mcs), member("west", mcs)];
    const clusterSet = new ClusterSet("all", { clusters: [east, west] });
    new Workload("shop", { clusters: [east], clusterSet, app: exporting({ expose: "clusterSet" }) });
    await settle();

    assert.deepEqual([...objectsOf("east"), ...objectsOf("west")], []);
    assert.equal(
      engine.find("east/shop/ServiceExport/shop/api").type,
      "kubernetes:multicluster.x-k8s.io/v1alpha1:ServiceExport",
    );
  });

  it("warns of an import that nobody exports, wherever in the program the export stands", async () => {
    const [east, west] = [member("east"), member("west")];
    const clusterSet = new ClusterSet("all", { clusters: [east, west] });
    new Workload("jobs", { clusters: [west], clusterSet, app: importing });
    new Workload("shop", { clusters: [east], clusterSet, app: exporting() });
    await settle();
    assert.deepEqual(engine.warnings, []);

    const lonely = new ClusterSet("lonely", { clusters: [east, west] });
    new Workload("more-jobs", { clusters: [west], clusterSet: lonely, app: importing });
    await settle();
    assert.match(engine.warnings.join(), /"more-jobs" uses shop\/api, which no workload .* exports/);
  });

  it("refuses members that do not fit together", () => {
    const east = member("east");
    const make =
      (clusters: readonly Cluster[], more = {}) =>
      () =>
        new ClusterSet("all", { clusters, ...more });

    refused(make([east, east]), /cluster "east" is named twice/);
    refused(make([east, member("west", {})]), /cluster "west" does not say how/);
    refused(make([east, member("west", { clusterSet: "mcs" })]), /"east" .* nodePort, and "west" by mcs/);
    refused(make([east], { addresses: { west: [] } }), /addresses of "west", which is no member/);
  });

  it("refuses exports that clash, before anything of them is registered", async () => {
    const [east, west] = [member("east"), member("west")];
    const elsewhere = { ...member("nowhere"), nodeAddresses: {} };
    const clusterSet = new ClusterSet("all", { clusters: [east, west, elsewhere] });
    const add =
      (name: string, app: WorkloadArgs["app"], clusters = [east], namespace = name) =>
      () =>
        new Workload(name, { clusters, clusterSet, app, namespace: { name: namespace } });
    add("shop", exporting())();

    refused(add("copy", exporting(), [west], "shop"), /workload "shop" exports it, too/);
    refused(add("twin", exporting()), /shop\/api has the node port 30090/);
    refused(add("silent", exporting(), [elsewhere]), /not known where its nodes answer/);
    refused(add("stranger", exporting(), [member("north")]), /"north" is no member of the cluster set "all"/);
    const differing: WorkloadArgs["app"] = (chart, { name }) => {
      new WebService(chart, "db", {
        ...web,
        expose: "clusterSet",
        ...(name === "west" && { ports: { admin: 9000 } }),
      });
    };
    refused(add("differing", differing, [east, west]), /other ports there than on east/);
    await settle();
    const sources = new Set(engine.objects().map(({ name }) => name.split("/")[1]));
    assert.deepEqual([...sources].toSorted(), ["all", "shop"]);
  });

  it("is needed to export without a controller", () => {
    refused(
      () => new Workload("shop", { clusters: [member("east")], app: exporting() }),
      /exports "api", and has no cluster set/,
    );
  });
});
