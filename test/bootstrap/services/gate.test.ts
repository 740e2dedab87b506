import assert from "node:assert/strict";
import { closedGates } from "../../../bootstrap/services/gate.ts";
import { kubeClient } from "../../../kube/client.ts";
import { startApiServer } from "../../support/api-server.ts";

const gate = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { namespace: "kube-system", name: "canal" },
};

/** What the API server's Nodes say of being Ready, and on how many the DaemonSet's pods are ready and up to date. */
interface Seen {
  readonly nodes: readonly ("True" | "False" | "Unknown")[];
  readonly ready: number;
  readonly updated?: number;
}

async function isClosed({ nodes, ready, updated = nodes.length }: Seen): Promise<boolean> {
  const status = {
    observedGeneration: 1,
    desiredNumberScheduled: nodes.length,
    numberReady: ready,
    updatedNumberScheduled: updated,
  };
  const items = nodes.map((said) => ({ status: { conditions: [{ type: "Ready", status: said }] } }));
  const server = await startApiServer(({ path }) => ({
    body: path === "/api/v1/nodes" ? { items } : { metadata: { generation: 1 }, status },
  }));
  const client = await kubeClient({ kubeconfig: server.kubeconfig });
  try {
    return (await closedGates(client, [gate], new AbortController().signal)).length > 0;
  } finally {
    client.close();
    await server.stop();
  }
}

describe("the gate of a cluster's services", () => {
  const rows: readonly (readonly [what: string, closed: boolean, seen: Seen])[] = [
    ["opens when a pod is ready on every node", false, { nodes: ["True", "True"], ready: 2 }],
    [
      "waits for a node whose kubelet lives without a pod network",
      true,
      { nodes: ["True", "False"], ready: 1 },
    ],
    ["does not wait for a node of which nobody hears", false, { nodes: ["True", "Unknown"], ready: 1 }],
    ["waits for the others beside such a node", true, { nodes: ["True", "False", "Unknown"], ready: 1 }],
    ["waits for pods that are out of date", true, { nodes: ["True", "True"], ready: 2, updated: 1 }],
    ["does not open on no node at all", true, { nodes: ["Unknown"], ready: 0 }],
  ];
  for (const [what, closed, seen] of rows) {
    it(what, async () => {
      assert.equal(await isClosed(seen), closed);
    });
  }
});
