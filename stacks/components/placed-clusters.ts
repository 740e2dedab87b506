import type { FleetLock } from "../../clusters/lock/lock.ts";
import { KeelsonError } from "../../errors.ts";

/** A cluster of a workload, and what a lock says of the two. */
export interface PlacedCluster<Cluster> {
  readonly cluster: Cluster;
  /** How many pods of each service it is meant to run. */
  readonly replicas: number;
  /** False if the app has been placed elsewhere and still runs here, until a rollout takes it away. */
  readonly isWanted: boolean;
}

/** Pods of each service where nobody decides on another number. */
export const usualReplicas = 2;

/**
 * Where an app goes: to all clusters, or to those that the decision of a lock names. Clusters that it has left and that still
 * run the app are among them, others are not. Pure.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if the decision names a cluster that the program does not have
 */
export function placeOn<Cluster extends { readonly name: string }>(
  app: string,
  clusters: readonly Cluster[],
  lock: FleetLock | undefined,
): readonly PlacedCluster<Cluster>[] {
  const decided = lock === undefined ? undefined : ownValue(lock.decision.apps, app)?.clusters;
  if (lock === undefined || decided === undefined)
    return clusters.map((cluster) => ({ cluster, replicas: usualReplicas, isWanted: true }));
  const missing = Object.keys(decided).filter((name) => clusters.every((cluster) => cluster.name !== name));
  if (missing.length > 0) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot deploy workload "${app}": the lock places it on ${missing.join(", ")}, which it does not have among its clusters`,
      { fix: "Give the workload all clusters of the fleet, or plan again without them" },
    );
  }
  const runs = ownValue(lock.releases, app) ?? {};
  return clusters.flatMap((cluster): readonly PlacedCluster<Cluster>[] => {
    const replicas = ownValue(decided, cluster.name);
    if (replicas !== undefined) return [{ cluster, replicas, isWanted: true }];
    // It is rendered for its addresses alone: what it runs is the release of the lock.
    return Object.hasOwn(runs, cluster.name) ? [{ cluster, replicas: usualReplicas, isWanted: false }] : [];
  });
}

function ownValue<Value>(values: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
