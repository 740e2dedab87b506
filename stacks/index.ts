import { WebService } from "../constructs/index.ts";
import { LocalCluster } from "./components/local-cluster.ts";
import { Workload } from "./components/workload.ts";

const east = new LocalCluster("east", { labels: { region: "east" }, extraImages: ["demo"] });
const west = new LocalCluster("west", { labels: { region: "west" }, extraImages: ["demo"] });

const demo = new Workload("demo", {
  clusters: [east, west],
  app: (chart, { name }) => {
    new WebService(chart, "demo", {
      image: "keelson.dev/demo:1",
      port: 8080,
      health: { ready: "/readyz", live: "/healthz" },
      expose: { nodePort: 30080 },
      access: { to: [] },
      env: { CLUSTER: name, NODE_NAME: { field: "spec.nodeName" }, POD_NAME: { field: "metadata.name" } },
    });
  },
});

export const kubeconfigs = { east: east.kubeconfig, west: west.kubeconfig };
export const addresses = demo.addresses;
