import { readFileSync } from "node:fs";
import { WebService } from "../../../../constructs/index.ts";
import { BareMetalCluster, type BareMetalClusterArgs, Workload } from "../../../../stacks/library.ts";

/** What the test writes into the file that TEST_SETTINGS names. */
export interface Settings extends BareMetalClusterArgs {
  /** What the app is told that it is; without it there is no app. */
  readonly release?: string;
}

const { release, ...args } = JSON.parse(readFileSync(process.env["TEST_SETTINGS"] ?? "", "utf8")) as Settings;
const cluster = new BareMetalCluster("ha", { ...args, extraImages: ["demo"] });

if (release !== undefined) {
  new Workload("demo", {
    clusters: [cluster],
    app: (chart) => {
      new WebService(chart, "demo", {
        image: "keelson.dev/demo:1",
        port: 8080,
        health: { ready: "/readyz", live: "/healthz" },
        expose: { nodePort: 30080 },
        access: { to: [] },
        env: { RELEASE: release },
      });
    },
  });
}

export const kubeconfig = cluster.kubeconfig;
