import type { Part } from "../core/parts.ts";
import { show } from "../rules/amounts.ts";
import { podAmounts } from "../rules/pod-amounts.ts";
import { refusal } from "./eligible.ts";
import type { Node } from "./nodes.ts";
import { withPod } from "./pack.ts";

/** Why a pod runs on none of the nodes, even if they were empty; undefined if it would on one. */
export function whyNowhere(pod: Part, nodes: readonly Node[]): string | undefined {
  const takers = nodes.filter((node) => refusal(pod, node) === undefined);
  if (takers.length === 0) {
    const reasons = new Map(nodes.map((node) => [`${node.pool}: ${refusal(pod, node) ?? ""}`, true]));
    return `no node takes it (${[...reasons.keys()].join("; ") || "there are none"})`;
  }
  const amounts = [...withPod(podAmounts(pod, "requests"))];
  const short = (node: Node): readonly (readonly [string, number])[] =>
    amounts.filter(([resource, amount]) => amount > (node.allocatable.get(resource) ?? 0));
  if (takers.some((node) => short(node).length === 0)) return undefined;
  // The node that lacks least tells most.
  const [nearest] = takers.toSorted((a, b) => short(a).length - short(b).length);
  const lacks = nearest === undefined ? [] : short(nearest);
  const parts = lacks.map(
    ([resource, amount]) =>
      `${show(resource, amount)} of ${resource}, of which a node of "${nearest?.pool ?? ""}" has ${show(resource, nearest?.allocatable.get(resource) ?? 0)}`,
  );
  return `it asks for ${parts.join(", and ")}`;
}
