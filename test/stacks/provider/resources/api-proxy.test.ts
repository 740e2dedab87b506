import assert from "node:assert/strict";
import { parse } from "yaml";
import { readAccess } from "../../../../kube/access.ts";
import { apiProxy } from "../../../../stacks/provider/resources/api-proxy.ts";
import type { Call } from "../../../../stacks/provider/resource.ts";

const kubeconfig = JSON.stringify({
  clusters: [{ name: "edge", cluster: { server: "https://10.0.0.11:6443" } }],
  contexts: [{ name: "edge", context: { cluster: "edge", user: "admin" } }],
  users: [{ name: "admin", user: {} }],
  "current-context": "edge",
});

describe("ApiProxy", () => {
  it("knows every API server of the cluster by the one name that all have", async () => {
    const proxyUrl = "socks5://edge:password@127.0.0.1:20001";

    const { outputs } = await apiProxy.create({} as Call, { kubeconfig, proxyUrl });

    const { clusters } = parse(outputs.kubeconfig ?? "") as { clusters: { cluster: object }[] };
    assert.deepEqual(clusters[0]?.cluster, {
      server: "https://10.0.0.11:6443",
      "proxy-url": proxyUrl,
      "tls-server-name": "kubernetes",
    });
    assert.equal((await readAccess(outputs.kubeconfig ?? "", true)).tls.servername, "kubernetes");
  });
});
