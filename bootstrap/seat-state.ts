import type { HostFacts } from "../clusters/facts.ts";

/** How much of a control plane a host that answers holds. Whole: it was completed there, and its data are there. */
export type HeldState = "blank" | "partial" | "whole";

/** Judges what a host holds of the cluster's control plane. Pure. */
export function heldState({ kubernetes }: HostFacts, clusterId: string): HeldState {
  const { initialized, etcdData, kubeletConf, manifests } = kubernetes;
  if (initialized === clusterId && etcdData) return "whole";
  const found = initialized !== undefined || etcdData || kubeletConf || manifests.length > 0;
  return found ? "partial" : "blank";
}
