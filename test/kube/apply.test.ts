import assert from "node:assert/strict";
import { applyObjects } from "../../kube/apply.ts";
import { kubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import { startApiServer } from "../support/api-server.ts";
import type { Answer, ApiServer, Seen } from "../support/api-server.ts";

const lists: Readonly<Record<string, readonly object[]>> = {
  "/api/v1": [
    { name: "namespaces", kind: "Namespace", namespaced: false },
    { name: "namespaces/status", kind: "Namespace", namespaced: false },
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
  ],
  "/apis/apiextensions.k8s.io/v1": [
    { name: "customresourcedefinitions", kind: "CustomResourceDefinition", namespaced: false },
  ],
  "/apis/example.org/v1": [{ name: "widgets", kind: "Widget", namespaced: true }],
};

const objects: readonly KubeObject[] = [
  { apiVersion: "example.org/v1", kind: "Widget", metadata: { name: "w", namespace: "shop" } },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "shop" } },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.org" },
  },
];

describe("applyObjects", () => {
  let server: ApiServer;
  let established: string[];

  beforeEach(async () => {
    established = ["False", "True"];
    server = await startApiServer(answer);
  });

  afterEach(() => server.stop());

  function answer({ method, path }: Seen): Answer {
    if (method === "PATCH") return {};
    if (lists[path] !== undefined) return { body: { resources: lists[path] } };
    if (!path.includes("customresourcedefinitions/")) return { status: 404, body: { reason: "NotFound" } };
    return {
      body: { status: { conditions: [{ type: "Established", status: established.shift() ?? "True" }] } },
    };
  }

  async function apply(list: readonly KubeObject[]): Promise<readonly Seen[]> {
    const client = await kubeClient({ kubeconfig: server.kubeconfig });
    await applyObjects(client, list, { fieldManager: "keelson" }).finally(() => {
      client.close();
    });
    return server.seen.filter(({ method }) => method === "PATCH");
  }

  it("applies definitions until they are served, then namespaces, then the rest", async () => {
    const patches = await apply(objects);
    assert.deepEqual(
      patches.map(({ path }) => path),
      [
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.org",
        "/api/v1/namespaces/shop",
        "/apis/example.org/v1/namespaces/shop/widgets/w",
        "/api/v1/namespaces/shop/configmaps/c",
      ],
    );
    assert.deepEqual(established, []);
  });

  it("applies server-side under the manager's name", async () => {
    const [patch] = await apply(objects.slice(2, 3));
    assert.deepEqual(patch?.query, { fieldManager: "keelson", force: "true" });
    assert.equal(patch.headers["content-type"], "application/apply-patch+yaml");
    assert.deepEqual(patch.body, objects[2]);
  });

  it("names a kind that the cluster does not serve", async () => {
    const gadget = { apiVersion: "example.org/v1", kind: "Gadget", metadata: { name: "g" } };
    await assert.rejects(apply([gadget]), {
      code: "KEELSON_API_REFUSED",
      message: "Cannot find Gadget in example.org/v1: the cluster does not serve it",
    });
  });
});
