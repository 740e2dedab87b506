import { KeelsonError } from "../errors.ts";
import { KubeError } from "../kube/errors.ts";
import { openClient } from "./api.ts";
import type { ClusterAccess, Operation } from "./operation.ts";
import { takeLease } from "./run-lease.ts";
import type { LeaseTimes, RunLease } from "./run-lease.ts";
import { thisRun } from "./run-owner.ts";

/** The clusters that a run changes: each is held from the first change until the run ends. */
export interface RunLeases {
  /**
   * Holds a cluster for this run, or waits for the run that does. One call or many: the lease is taken once. A cluster
   * whose API does not answer is not held: then the locks of its hosts are what keeps two runs apart.
   *
   * @returns a signal that is aborted if somebody else takes the cluster over
   * @throws KeelsonError KEELSON_LOCKED with the owner and how long it has had the cluster
   */
  hold(operation: Operation, cluster: HeldCluster): Promise<AbortSignal>;
  /** Gives everything back. */
  release(): Promise<void>;
}

export interface HeldCluster {
  readonly clusterId: string;
  /** For messages. */
  readonly name: string;
  readonly access: ClusterAccess;
}

interface Held {
  readonly lease: RunLease;
  readonly close: () => void;
}

/** The leases of one run. */
export function runLeases(times: LeaseTimes = {}): RunLeases {
  const held = new Map<string, Promise<Held | undefined>>();
  const owner = thisRun();
  return {
    hold: async (operation, cluster) => {
      const { clusterId } = cluster;
      const taking = held.get(clusterId) ?? take(operation, cluster, { times, owner });
      held.set(clusterId, taking);
      const taken = await taking.catch((error: unknown) => {
        held.delete(clusterId);
        throw error;
      });
      if (taken !== undefined) return taken.lease.lost;
      held.delete(clusterId);
      return new AbortController().signal;
    },
    release: async () => {
      const all = await Promise.allSettled(held.values());
      held.clear();
      const given = all.map(async (outcome) => {
        if (outcome.status === "rejected" || outcome.value === undefined) return;
        // What cannot be given back ends by itself.
        await outcome.value.lease.release().catch(() => undefined);
        outcome.value.close();
      });
      await Promise.all(given);
    },
  };
}

async function take(
  operation: Operation,
  { access, name }: HeldCluster,
  { times, owner }: { readonly times: LeaseTimes; readonly owner: ReturnType<typeof thisRun> },
): Promise<Held | undefined> {
  const client = await openClient(operation, access);
  const close = (): void => {
    client.close();
  };
  try {
    const onWaiting = (why: string): void => {
      operation.log(name, why);
    };
    const { signal } = operation;
    const request = { client, owner: await owner, clusterName: name, signal, onWaiting, ...times };
    return { lease: await takeLease(request), close };
  } catch (error) {
    close();
    if (!isMute(error)) throw error;
    operation.log(name, `not held: ${error.message}`);
    return undefined;
  }
}

/** No API, or one that cannot write: its etcd has no quorum, or no space. */
function isMute(error: unknown): error is KeelsonError {
  if (error instanceof KubeError) return error.status >= 500;
  return KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE";
}
