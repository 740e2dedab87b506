import { readFileSync } from "node:fs";
import { defineFleet, on, overrides, resolveOverrides } from "../../../../clusters/index.ts";
import { WebService } from "../../../../constructs/index.ts";
import { ExistingCluster, Workload } from "../../../../stacks/library.ts";

/** What the test decides. */
export interface ObjectsSettings {
  /** Kubeconfigs by name. */
  readonly clusters: Readonly<Record<string, string>>;
  /** The release of the fleet. */
  readonly version: string;
  /** Releases of clusters that are ahead of the fleet. @default {} */
  readonly ahead?: Readonly<Record<string, string>>;
  /** How long pods may take to become ready. @default "4m" */
  readonly patience?: string;
}

const settings = JSON.parse(readFileSync(process.env["TEST_SETTINGS"] ?? "", "utf8")) as ObjectsSettings;

const clusters = Object.entries(settings.clusters).map(
  ([name, kubeconfig]) => new ExistingCluster(name, { kubeconfig, profile: { kubernetes: "1.35" } }),
);
const released = resolveOverrides(
  overrides(
    { version: settings.version },
    ...Object.entries(settings.ahead ?? {}).map(([name, version]) => on.cluster(name, { version })),
  ),
  defineFleet(Object.fromEntries(clusters.map(({ name }) => [name, {}]))),
);

new Workload(
  "counter",
  {
    clusters,
    app: (chart, { name }) => {
      const version = released[name]?.values.version ?? "";
      new WebService(chart, "web", {
        // There is no image of the name "broken" anywhere.
        image: version === "broken" ? "keelson.dev/demo:broken" : "keelson.dev/demo:1",
        port: 8080,
        replicas: 1,
        health: { ready: "/readyz", live: "/healthz" },
        access: { to: [] },
        expose: { nodePort: 30_081 },
        env: { CLUSTER: name, VERSION: version },
      });
    },
  },
  { customTimeouts: { create: "4m", update: settings.patience ?? "4m" } },
);
