import { listAt, type Part, partAt } from "../core/parts.ts";
import type { Node } from "./nodes.ts";

/** Why a node does not take a pod, whatever room it has; undefined if it does. */
export function refusal(pod: Part, node: Node): string | undefined {
  const wrong = Object.entries(partAt(pod, "nodeSelector")).find(
    ([key, value]) => !isKnown(key, node) && node.labels[key] !== value,
  );
  if (wrong !== undefined) return `its label ${wrong[0]} is not "${String(wrong[1])}"`;
  const required = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
  const terms = listAt(pod, ...required, "nodeSelectorTerms");
  if (terms.length > 0 && !terms.some((term) => meets(term, node)))
    return "its labels do not meet the node affinity";
  const tolerations = listAt(pod, "tolerations");
  const taint = node.taints.find(
    ({ key, value = "", effect }) =>
      effect !== "PreferNoSchedule" && !tolerations.some((each) => tolerates(each, { key, value, effect })),
  );
  return taint === undefined ? undefined : `its taint ${taint.key} is not tolerated`;
}

// What Kubernetes itself puts on nodes, such as their architecture, is not known here unless the profile says it.
function isKnown(key: string, { labels }: Node): boolean {
  return !(key in labels) && /(^|\.)kubernetes\.io\//.test(key);
}

function meets(term: Part, node: Node): boolean {
  return listAt(term, "matchExpressions").every((expression) => {
    const key = String(expression["key"]);
    if (isKnown(key, node)) return true;
    const label = node.labels[key];
    const values = Array.isArray(expression["values"]) ? expression["values"].map(String) : [];
    switch (expression["operator"]) {
      case "In":
        return label !== undefined && values.includes(label);
      case "NotIn":
        return label === undefined || !values.includes(label);
      case "Exists":
        return label !== undefined;
      case "DoesNotExist":
        return label === undefined;
      case "Gt":
        return Number(label) > Number(values[0]);
      case "Lt":
        return Number(label) < Number(values[0]);
      default:
        return true;
    }
  });
}

interface NodeTaint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

function tolerates(toleration: Part, taint: NodeTaint): boolean {
  const { key, operator = "Equal", value = "", effect } = toleration;
  if (effect !== undefined && effect !== "" && effect !== taint.effect) return false;
  if (key === undefined || key === "") return operator === "Exists";
  return key === taint.key && (operator === "Exists" || value === taint.value);
}

/** Whether the pods of one selector may crowd: at most so many more in one place than in another. */
export interface Apart {
  /** The label that tells places apart. */
  readonly key: string;
  /** How many more pods one place may have than another; none may have two if it is 0. */
  readonly skew: number;
}

/** How the pods of a workload must keep apart from each other. */
export function apartOf(pod: Part, labels: Readonly<Record<string, unknown>>): readonly Apart[] {
  const isOwn = (rule: Part): boolean =>
    Object.entries(partAt(rule, "labelSelector", "matchLabels")).every(
      ([key, value]) => labels[key] === value,
    );
  const spreads = listAt(pod, "topologySpreadConstraints")
    .filter((rule) => rule["whenUnsatisfiable"] !== "ScheduleAnyway" && isOwn(rule))
    .map((rule) => ({ key: String(rule["topologyKey"]), skew: Number(rule["maxSkew"] ?? 1) }));
  const path = ["affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
  const alone = listAt(pod, ...path)
    .filter(isOwn)
    .map((rule) => ({ key: String(rule["topologyKey"]), skew: 0 }));
  return [...spreads, ...alone];
}
