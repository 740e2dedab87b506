import type { Profile } from "../../clusters/profile.ts";
import type { NodePorts, Peer } from "../core/access.ts";
import type { Flaw } from "../core/exceptions.ts";
import type { ImportedService } from "../uses/props.ts";
import type { ClusterSetContext } from "./cluster-set.ts";

/**
 * The ends that lead to an imported service: its pods where the cluster runs it itself, and what stands for the other
 * clusters.
 */
export function importedPeers(
  { imported, namespace, cidrs }: ImportedService,
  { clusterSet }: Profile,
  context: ClusterSetContext | undefined,
): readonly (Peer | NodePorts)[] {
  const own: Peer = { namespace, app: imported };
  if (clusterSet === "nodePort") {
    const nodes = context?.cidrs ?? [];
    return nodes.length === 0 ? [own] : [own, { nodes }];
  }
  return [own, ...(cidrs?.map((cidr): Peer => ({ cidr })) ?? (["anywhere"] as const))];
}

/** What keeps an imported service from answering; `isRestricted` if the program is told whom it may call. */
export function importFlaw(
  { clusterSet }: Profile,
  context: ClusterSetContext | undefined,
  isRestricted: boolean,
): Flaw | undefined {
  if (clusterSet === undefined) {
    return {
      message: "the cluster's profile does not say how services of other clusters get here",
      fix: 'Say clusterSet: "nodePort" or "mcs" in the profile',
    };
  }
  if (clusterSet === "mcs" || context !== undefined || !isRestricted) return undefined;
  return {
    message: "the program may not call the other clusters: nobody says where their nodes are",
    fix: "Give the workload its clusterSet, or call useClusterSet(chart, { cidrs })",
  };
}
