// Two servers become a cluster, without Pulumi. CONTROL_PLANE and WORKER are addresses that root's SSH key opens.
// Run it again after an interruption: it goes on where it stopped. PREVIEW=1 lists the changes and makes none.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { applyCluster, createIdentity, defineCluster, openOperation } from "keelson/bootstrap";
import type { Identity } from "keelson/bootstrap";

const { CONTROL_PLANE = "", WORKER = "", SSH_KEY_FILE = "", PREVIEW } = process.env;
const { cluster, hosts } = defineCluster({
  name: "edge",
  kubernetes: "1.35.4",
  hosts: {
    cp1: { role: "controlPlane", address: CONTROL_PLANE },
    w1: { role: "worker", address: WORKER, labels: { tier: "general" } },
  },
});

// The identity is the cluster's root of trust: keep this file as you would keep a private key.
const identity = existsSync("edge-identity.json")
  ? (JSON.parse(readFileSync("edge-identity.json", "utf8")) as Identity)
  : await createIdentity(cluster.name);
writeFileSync("edge-identity.json", JSON.stringify(identity), { mode: 0o600 });

const privateKey = readFileSync(SSH_KEY_FILE, "utf8");
const operation = openOperation({
  preview: PREVIEW !== undefined,
  onIntent: ({ host, what }) => {
    console.log(`${host}: ${what}`);
  },
});
try {
  const reachable = hosts.map((host) => ({ ...host, connection: { address: host.address, privateKey } }));
  const { kubeconfig } = await applyCluster(operation, { cluster, identity, hosts: reachable });
  writeFileSync("edge.kubeconfig", kubeconfig, { mode: 0o600 });
} finally {
  await operation.pool.close();
}
