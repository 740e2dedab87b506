import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import { useProfile, WebService } from "../../constructs/index.ts";
import type { ServiceExport, ServiceImport } from "../../constructs/kubernetes/types-custom.ts";
import type { Deployment, Service } from "../../constructs/kubernetes/types.ts";
import { readHealth } from "../../delivery/index.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import { actions, DeliveredApp } from "../support/delivered-app.ts";
import { describeLong } from "../support/long.ts";
import { definePublished } from "../support/published-definitions.ts";
import { type RealApiServer, startRealApiServer } from "../support/real-api-server.ts";

const namespace = "shop";
const image = "ghcr.io/acme/api:1.4.2";
const mcs = "/apis/multicluster.x-k8s.io/v1alpha1/namespaces/shop";

// No controller of the Multi-Cluster Services API can run without nodes: the test does what the API asks of one.
describeLong("A service in two clusters with the Multi-Cluster Services API", () => {
  let east: RealApiServer;
  let west: RealApiServer;
  let app: DeliveredApp;

  before(async () => {
    [east, west] = await Promise.all([startRealApiServer(), startRealApiServer()]);
    app = await DeliveredApp.make(east, namespace);
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    await west.client.request({ method: "POST", path: "/api/v1/namespaces", body });
  });

  after(async () => {
    await Promise.all([east.stop(), west.stop()]);
  });

  it("is refused with one error where the API is not defined, and nothing of it is applied", async () => {
    await assert.rejects(app.apply(render("clusterSet")), {
      message: /multicluster\.x-k8s\.io.*ServiceExport.*\n?.*does not serve the kind/s,
    });

    assert.equal(await east.client.find("/api/v1/namespaces/shop/services/api"), undefined);
  });

  it("is exported by an object that the API takes, and is healthy once the controller agrees", async () => {
    await Promise.all([definePublished(east.client), definePublished(west.client)]);

    const result = await app.apply(render("clusterSet"));

    assert.deepEqual(actions(result), { created: 6 });
    const health = async (): Promise<string | undefined> => {
      const { objects } = await readHealth(app.cluster, app);
      return objects.find(({ object }) => object.includes("ServiceExport"))?.status;
    };
    await control(east.client, west.client, { isReady: false });
    assert.equal(await health(), "InProgress");
    await control(east.client, west.client, { isReady: true });
    assert.equal(await health(), "Current");
  });

  it("is imported under the name and the port that a program of the other cluster looks for", async () => {
    const imported = await west.client.find<ServiceImport>(`${mcs}/serviceimports/api`);

    const { API_HOST: host, API_PORT: port } = used();
    assert.equal(host, `${imported?.metadata?.name}.${imported?.metadata?.namespace}.svc.clusterset.local`);
    assert.ok(imported?.spec.ports.some((each) => String(each.port) === port && each.name === "http"));
    const slices = await west.client.find<{ items: readonly KubeObject[] }>(
      "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
    );
    assert.deepEqual(
      slices?.items.map(({ metadata }) => metadata.labels?.["multicluster.kubernetes.io/source-cluster"]),
      ["east"],
    );
  });

  it("is gone from the other cluster when it is exported no more", async () => {
    const result = await app.apply(render("cluster"));
    await control(east.client, west.client, { isReady: true });

    assert.equal(actions(result)["pruned"], 1);
    assert.equal(await east.client.find(`${mcs}/serviceexports/api`), undefined);
    assert.equal(await west.client.find(`${mcs}/serviceimports/api`), undefined);
  });
});

const profile = { kubernetes: "1.35", clusterSet: "mcs" } as const;
const sound = { image, port: 8080, health: { ready: "/readyz" }, access: { from: ["namespace"] } } as const;

function chart(name: string): Chart {
  const made = new Chart(new App(), name, { namespace: name });
  useProfile(made, profile);
  return made;
}

function render(expose: "cluster" | "clusterSet"): readonly KubeObject[] {
  const shop = chart(namespace);
  new WebService(shop, "api", { ...sound, expose });
  return shop.toJson() as readonly KubeObject[];
}

/** What a program of the other cluster is told of the service. */
function used(): Readonly<Record<string, string | undefined>> {
  const web = chart("web");
  new WebService(web, "web", { ...sound, uses: { api: { imported: "api", namespace } } });
  const deployment = (web.toJson() as readonly KubeObject[]).find(({ kind }) => kind === "Deployment");
  const env = (deployment as Deployment | undefined)?.spec?.template.spec?.containers[0]?.env ?? [];
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

/** One round of a controller: what `from` exports is imported by `to`, what it exports no more is not. */
async function control(from: KubeClient, to: KubeClient, { isReady }: { isReady: boolean }): Promise<void> {
  const exports = await from.request<{ items: readonly ServiceExport[] }>({ path: `${mcs}/serviceexports` });
  const imports = await to.request<{ items: readonly ServiceImport[] }>({ path: `${mcs}/serviceimports` });
  const wanted = exports.items.map(({ metadata }) => String(metadata?.name));
  for (const name of wanted) await importOne(from, to, { name, isReady });
  for (const { metadata } of imports.items) {
    if (wanted.includes(String(metadata?.name))) continue;
    await to.request({ method: "DELETE", path: `${mcs}/serviceimports/${metadata?.name}` });
  }
}

async function importOne(
  from: KubeClient,
  to: KubeClient,
  { name, isReady }: { readonly name: string; readonly isReady: boolean },
): Promise<void> {
  const service = await from.request<Service>({ path: `/api/v1/namespaces/shop/services/${name}` });
  const ports = service.spec?.ports ?? [];
  const apply = (path: string, body: object): Promise<unknown> =>
    to.request({
      method: "PATCH",
      path,
      query: { fieldManager: "controller", force: "true" },
      body,
      contentType: "application/apply-patch+yaml",
    });
  await apply(`${mcs}/serviceimports/${name}`, {
    apiVersion: "multicluster.x-k8s.io/v1alpha1",
    kind: "ServiceImport",
    metadata: { name, namespace },
    spec: {
      type: "ClusterSetIP",
      ips: ["10.96.7.7"],
      ports: ports.map(({ name: port, port: number, protocol }) => ({ name: port, port: number, protocol })),
    },
  });
  await apply(`/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/imported-${name}-east`, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `imported-${name}-east`,
      namespace,
      labels: {
        "multicluster.kubernetes.io/service-name": name,
        "multicluster.kubernetes.io/source-cluster": "east",
      },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.32.0.5"] }],
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  });
  await from.request({
    method: "PATCH",
    path: `${mcs}/serviceexports/${name}/status`,
    body: { status: { conditions: [condition("Valid", true), condition("Ready", isReady)] } },
    contentType: "application/merge-patch+json",
  });
}

function condition(type: string, holds: boolean): object {
  return {
    type,
    status: holds ? "True" : "False",
    reason: holds ? type : "Pending",
    message: "",
    lastTransitionTime: new Date().toISOString(),
    observedGeneration: 1,
  };
}
