import { WebService } from "keelson/constructs";
import { LocalCluster, Workload } from "keelson/stacks";

const edge = new LocalCluster("edge", { extraImages: ["demo"] });
const cloud = new LocalCluster("cloud", { workers: 2, extraImages: ["demo"] });

const shop = new Workload("shop", {
  clusters: [edge, cloud],
  app: (chart, { name }) => {
    new WebService(chart, "web", {
      image: "keelson.dev/demo:1",
      port: 8080,
      health: { ready: "/readyz", live: "/healthz" },
      expose: { nodePort: 30081 },
      env: { CLUSTER: name },
    });
  },
});

export const addresses = shop.addresses;
