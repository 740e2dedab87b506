import { readFileSync } from "node:fs";
import { WebService } from "../../../../constructs/index.ts";
import { BareMetalCluster, type BareMetalClusterArgs, Workload } from "../../../../stacks/library.ts";

/** What the test writes into the file that TEST_SETTINGS names; nobody else may read it. */
export interface Settings {
  readonly cluster: BareMetalClusterArgs;
  /** What the app calls itself. */
  readonly greeting: string;
}

const { cluster, greeting } = JSON.parse(
  readFileSync(process.env["TEST_SETTINGS"] ?? "", "utf8"),
) as Settings;

const inner = new BareMetalCluster("inner", { ...cluster, extraImages: ["demo"] });

const shop = new Workload("shop", {
  clusters: [inner],
  app: (chart) => {
    new WebService(chart, "shop", {
      image: "keelson.dev/demo:1",
      port: 8080,
      health: { ready: "/readyz", live: "/healthz" },
      expose: { nodePort: 30080 },
      access: { to: [] },
      env: { CLUSTER: greeting, NODE_NAME: { field: "spec.nodeName" }, POD_NAME: { field: "metadata.name" } },
    });
  },
});

export const addresses = shop.addresses;
