import * as pulumi from "@pulumi/pulumi";

import { WebService } from "../../constructs/index.ts";
import { LocalCluster, Workload } from "../../stacks/library.ts";

const workers = new pulumi.Config().getNumber("workers") ?? 1;
const east = new LocalCluster("east", { workers, extraImages: ["demo"] });
const west = new LocalCluster("west", { extraImages: ["demo"] });

const demo = new Workload("demo", {
  clusters: [east, west],
  app: (chart) => {
    new WebService(chart, "demo", {
      image: "keelson.dev/demo:1",
      port: 8080,
      health: { ready: "/readyz", live: "/healthz" },
      expose: { nodePort: 30080 },
      access: { to: [] },
    });
  },
});

export const addresses = demo.addresses;
