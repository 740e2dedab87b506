import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import {
  canary,
  defineFleet,
  type MaintenanceWindow,
  on,
  overrides,
  resolveOverrides,
  rest,
  type RolloutRules,
  waves,
} from "../../../../clusters/index.ts";
import { WebService } from "../../../../constructs/index.ts";
import { ExistingCluster, lateSecret, Workload } from "../../../../stacks/library.ts";

/** What the test decides. */
export interface FleetSettings {
  /** Kubeconfigs by name. */
  readonly clusters: Readonly<Record<string, string>>;
  readonly store: string;
  readonly image: string;
  readonly password: string;
  /** Path of the lock; without one every cluster gets what is rendered. */
  readonly lock?: string;
  /** How waves go. */
  readonly rules?: Partial<RolloutRules>;
  /** When the last wave may begin. @default - at any time */
  readonly windows?: readonly MaintenanceWindow[];
  /** Whether somebody must agree to the last wave. @default false */
  readonly approval?: boolean;
  /** Images of clusters that have one of their own. @default {} */
  readonly ownImages?: Readonly<Record<string, string>>;
  /** Whether the app brings its own namespace. @default false: without controllers nobody ends one */
  readonly ownNamespace?: boolean;
  /** What the app says of itself. @default "1" */
  readonly version?: string;
}

const settings = JSON.parse(readFileSync(process.env["TEST_SETTINGS"] ?? "", "utf8")) as FleetSettings;

const clusters = Object.entries(settings.clusters).map(
  ([name, kubeconfig]) =>
    new ExistingCluster(name, {
      kubeconfig,
      profile: { kubernetes: "1.35" },
      digestKey: "a key that stays the same for the length of the test",
    }),
);

const images = resolveOverrides(
  overrides(
    { image: settings.image },
    ...Object.entries(settings.ownImages ?? {}).map(([name, image]) => on.cluster(name, { image })),
  ),
  defineFleet(Object.fromEntries(clusters.map(({ name }) => [name, {}]))),
);

const shop = new Workload("shop", {
  clusters,
  namespace: { name: "shop", create: settings.ownNamespace === true },
  engine: "set",
  set: {
    store: settings.store,
    ...(settings.lock !== undefined && {
      lock: settings.lock,
      rollout: waves(
        [
          canary(1),
          canary(1),
          rest({
            approval: settings.approval === true,
            ...(settings.windows !== undefined && { windows: settings.windows }),
          }),
        ],
        { deadlineSeconds: 60, ...settings.rules },
      ),
    }),
  },
  app: (chart, { name }) => {
    new WebService(chart, "web", {
      image: images[name]?.values.image as `${string}:${string}`,
      port: 8080,
      replicas: 1,
      health: { ready: "/readyz", live: "/healthz" },
      access: { to: [] },
      expose: { nodePort: 30_080 },
      env: {
        CLUSTER: name,
        VERSION: settings.version ?? "1",
        PASSWORD: lateSecret(pulumi.secret(settings.password)),
      },
    });
  },
});

export const addresses = shop.addresses;
