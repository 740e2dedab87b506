import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { canary, percent, rest, waves } from "../../clusters/index.ts";
import { SetEngine } from "../../stacks/components/set-workload.ts";
import { ExistingCluster } from "../../stacks/library.ts";
import { KubernetesObject, type ObjectInputs } from "../../stacks/objects/kubernetes-object.ts";
import { LateValues } from "../../stacks/objects/late-values.ts";

export interface BenchMember {
  readonly name: string;
  readonly namespace: string;
  readonly kubeconfig: string;
}

/** What the benchmark decides. */
export interface BenchSettings {
  readonly members: readonly BenchMember[];
  readonly engine: "set" | "objects";
  readonly lock?: string;
  /** A text that is in every object. */
  readonly version: string;
  /** How many ConfigMaps there are beside a Secret and a Service. */
  readonly configMaps: number;
}

const settings = JSON.parse(readFileSync(process.env["BENCH_SETTINGS"] ?? "", "utf8")) as BenchSettings;
const { version, configMaps } = settings;
const parent = new pulumi.ComponentResource("bench:index:Fleet", "bench");
const sets = new SetEngine(
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
  const objects = objectsIn(namespace);
  if (settings.engine === "set") {
    const none = objects.map(() => []);
    const plan = { objects, before: none, asked: none };
    sets.register({ workload: "bench", namespace, cluster, plan, late: new LateValues(cluster.digestKey) });
  } else {
    for (const object of objects) {
      const { kind, metadata } = object;
      const options = { parent, provider: cluster.provider };
      void new KubernetesObject(`${name}/${kind}/${metadata.name}`, object, options);
    }
  }
}
export const offered = settings.engine === "set" ? sets.offer() : false;

function objectsIn(namespace: string): readonly ObjectInputs[] {
  const named = (kind: string, name: string): ObjectInputs => ({
    apiVersion: "v1",
    kind,
    metadata: { name, namespace, annotations: { version } } as ObjectInputs["metadata"],
  });
  return [
    ...Array.from({ length: configMaps }, (_, index) => ({
      ...named("ConfigMap", `settings-${index}`),
      data: { version },
    })),
    { ...named("Secret", "token"), stringData: { version } },
    // Without a selector: the engine of objects would wait for pods, and here are none.
    { ...named("Service", "web"), spec: { ports: [{ port: 80 }] } },
  ];
}
