import { WebService } from "../../../../constructs/index.ts";
import { ClusterSet, LocalCluster, Workload } from "../../../../stacks/library.ts";

const common = { extraImages: ["example"], profile: { clusterSet: "nodePort" } } as const;
const east = new LocalCluster("east", common);
const west = new LocalCluster("west", common);
const clusterSet = new ClusterSet("all", { clusters: [east, west] });
const sound = {
  image: "keelson.dev/example:1",
  port: 8080,
  replicas: 1,
  health: { ready: "/readyz", live: "/healthz" },
  allow: [{ code: "single-replica", reason: "a test" }],
} as const;
const isExported = process.env["TEST_EXPORTED"] !== "no";

new Workload("shop", {
  clusters: [east],
  clusterSet,
  app: (chart) => {
    new WebService(chart, "api", {
      ...sound,
      env: { NAME: "api" },
      expose: isExported ? "clusterSet" : "cluster",
      access: { from: ["namespace"], to: [] },
    });
  },
});

// The same clients in both clusters: one that uses the service, and one that knows its name and may call nobody.
new Workload("clients", {
  clusters: [east, west],
  clusterSet,
  app: (chart) => {
    const url = "http://api.shop.svc.clusterset.local";
    new WebService(chart, "web", {
      ...sound,
      env: { NAME: "web" },
      uses: { api: { imported: "api", namespace: "shop" } },
      expose: { nodePort: 30_080 },
      access: { to: [] },
    });
    new WebService(chart, "other", {
      ...sound,
      env: { NAME: "other", API_URL: url },
      expose: { nodePort: 30_081 },
      access: { to: [] },
    });
  },
});

export const kubeconfigs = { east: east.kubeconfig, west: west.kubeconfig };
export const nodes = { east: east.nodeAddresses["w1"], west: west.nodeAddresses["w1"] };
