import type { PodSpec } from "../kubernetes/types.ts";
import type { Nodes, Spread } from "./props.ts";

/** Keeps the pods of one selector apart: over nodes and zones. */
export function spreadOf(
  spread: Spread,
  selector: Readonly<Record<string, string>>,
  countBy: readonly string[],
): Pick<PodSpec, "affinity" | "topologySpreadConstraints"> {
  if (spread === "none") return {};
  const pods = {
    labelSelector: { matchLabels: selector },
    ...(countBy.length > 0 && { matchLabelKeys: countBy }),
  };
  const [node, zone] = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];
  if (spread === "required") {
    const constraint = { maxSkew: 1, whenUnsatisfiable: "DoNotSchedule", ...pods } as const;
    return {
      topologySpreadConstraints: [node, zone].map((topologyKey) => ({ ...constraint, topologyKey })),
    };
  }
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: node, ...pods } },
        ],
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: "ScheduleAnyway", ...pods },
    ],
  };
}

/** The nodes that may run a pod. */
export function nodesOf({ labels, tolerate }: Nodes): Pick<PodSpec, "nodeSelector" | "tolerations"> {
  return { ...(labels && { nodeSelector: labels }), ...(tolerate && { tolerations: tolerate }) };
}
