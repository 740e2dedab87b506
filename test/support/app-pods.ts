import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/object.ts";
import type { AppCluster } from "./app-cluster.ts";

/** A pod as a cluster has it. */
export interface Pod extends KubeObject {
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly containerID: string;
      readonly restartCount: number;
      readonly ready: boolean;
    }[];
  };
}

/** The pods of an app that run and shall. */
export async function podsOf(cluster: AppCluster, namespace: string, app: string): Promise<readonly Pod[]> {
  const pods = await cluster.list<Pod>(namespace, "pods", "/api/v1");
  return pods.filter(
    ({ metadata, status }) =>
      metadata.labels?.["app.kubernetes.io/name"] === app &&
      metadata.deletionTimestamp === undefined &&
      status.phase === "Running",
  );
}

/** The number of a pod's process on its node. */
export async function processOf(cluster: AppCluster, { spec, status }: Pod): Promise<string> {
  const id = status.containerStatuses?.[0]?.containerID.replace("containerd://", "") ?? "";
  const tasks = await cluster.run(spec.nodeName, "ctr -n k8s.io tasks list");
  const pid = new RegExp(`^${id}\\s+(\\d+)`, "m").exec(tasks)?.[1];
  assert.ok(pid, tasks);
  return pid;
}

/** The entries that a pod keeps, read on its node. */
export async function entriesOf(cluster: AppCluster, pod: Pod): Promise<string> {
  const pid = await processOf(cluster, pod);
  return await cluster.run(pod.spec.nodeName, `cat /proc/${pid}/root/data/entries 2>/dev/null || true`);
}
