import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { canary, percent, rest, waves } from "../../clusters/index.ts";
import { ExistingCluster } from "../../stacks/components/existing-cluster.ts";
import { SetEngine } from "../../stacks/components/set-workload.ts";
import { LateValues } from "../../stacks/objects/late-values.ts";

/** What the benchmark decides. */
export interface BenchSettings {
  readonly members: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly kubeconfig: string;
  }[];
  readonly lock?: string;
  /** A text that is in every object. */
  readonly version: string;
  /** How many ConfigMaps there are beside a Secret and a Service. */
  readonly configMaps: number;
}

const settings = JSON.parse(readFileSync(process.env["BENCH_SETTINGS"] ?? "", "utf8")) as BenchSettings;
const { version, configMaps } = settings;
const parent = new pulumi.ComponentResource("bench:index:Fleet", "bench");
const engine = new SetEngine(
  "bench",
  settings.lock === undefined
    ? {}
    : { lock: settings.lock, rollout: waves([canary(1), percent(25), rest()], { deadlineSeconds: 120 }) },
  parent,
);

for (const { name, namespace, kubeconfig } of settings.members) {
  const cluster = new ExistingCluster(name, {
    kubeconfig,
    profile: { kubernetes: "1.35" },
    digestKey: "bench",
  });
  const named = (
    kind: string,
    of: string,
  ): { apiVersion: string; kind: string; metadata: { name: string; namespace: string } } => ({
    apiVersion: "v1",
    kind,
    metadata: { name: of, namespace },
  });
  const objects = [
    ...Array.from({ length: configMaps }, (_, index) => ({
      ...named("ConfigMap", `settings-${index}`),
      data: { version },
    })),
    { ...named("Secret", "token"), stringData: { version } },
    { ...named("Service", "web"), spec: { selector: { version }, ports: [{ port: 80 }] } },
  ];
  const none = objects.map(() => []);
  const plan = { objects, before: none, asked: none };
  engine.register({ workload: "bench", namespace, cluster, plan, late: new LateValues(cluster.digestKey) });
}
export const offered = engine.offer();
