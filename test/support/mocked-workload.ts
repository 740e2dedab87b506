import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider.js";
import type { Cluster } from "../../stacks/components/cluster.ts";
import { Workload, type WorkloadArgs } from "../../stacks/components/workload.ts";

/** A cluster for workloads that a mocked engine deploys. */
export function mockedCluster(name: string): Cluster {
  class Part extends pulumi.ComponentResource {
    constructor(part: string) {
      super("test:index:Part", part);
    }
  }
  return {
    name,
    labels: { tier: `${name}-tier` },
    kubeconfig: pulumi.secret(`kubeconfig of ${name}`),
    provider: new Provider(`${name}-provider`),
    profile: { kubernetes: "1.35" },
    clusterId: pulumi.output(`${name}-id`),
    nodeAddresses: { a: pulumi.output("10.0.0.1"), b: pulumi.output("fd00::2") },
    deletedWith: new Part(`${name}-end`),
    digestKey: pulumi.secret(`digest key of ${name}`),
  };
}

/** Makes a workload and waits until the mocked engine has all of its objects. */
export async function deployMocked(name: string, args: WorkloadArgs): Promise<Workload> {
  const workload = new Workload(name, args);
  await pulumi.runtime.disconnect();
  return workload;
}
