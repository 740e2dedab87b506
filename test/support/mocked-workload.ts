import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider.js";
import { WebService } from "../../constructs/index.ts";
import type { Cluster } from "../../stacks/components/cluster.ts";
import { Workload, type WorkloadArgs } from "../../stacks/components/workload.ts";

/** A web service that is declared without a finding. */
export const web = {
  image: "ghcr.io/acme/web:1.4.2",
  port: 8080,
  health: { ready: "/readyz" },
  access: { from: ["namespace"] },
} as const;

export function addWeb(...[chart]: Parameters<WorkloadArgs["app"]>): void {
  new WebService(chart, "web", web);
}

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
export async function deployMocked(
  name: string,
  args: WorkloadArgs,
  options?: pulumi.ComponentResourceOptions,
): Promise<Workload> {
  const workload = new Workload(name, args, options);
  await pulumi.runtime.disconnect();
  return workload;
}
