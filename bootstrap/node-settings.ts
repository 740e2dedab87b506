import type { ClusterHost, Taint } from "../clusters/cluster.ts";
import { drainAnnotation } from "../kube/drain.ts";
import type { NodeFacts } from "./node-facts.ts";

/** Annotations that keelson keeps on a Node. */
export const ownerAnnotation = "keelson.dev/owner";
export const hostAnnotation = "keelson.dev/host";
export const managedAnnotation = "keelson.dev/managed";

/** What to change on a Node so that it has the wanted labels, taints and owner; undefined if nothing. */
export interface NodePatch {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly taints?: readonly Taint[];
  readonly annotations: Readonly<Record<string, string | null>>;
  /** True if a drain that was killed left the Node cordoned. A cordon of somebody else's stays. */
  readonly uncordon?: true;
  /** In words, `labels tier, -zone; taints dedicated` for example. */
  readonly summary: string;
}

/**
 * Compares a Node with what is wanted of it. Only labels and taints that keelson once set are ever taken away: their
 * keys are noted on the Node. Pure.
 */
export function nodePatch(
  host: Pick<ClusterHost, "name" | "labels" | "taints">,
  clusterId: string,
  node: NodeFacts,
): NodePatch | undefined {
  const before = parseManaged(node.annotations[managedAnnotation]);
  const managed = {
    labels: Object.keys(host.labels).sort(),
    taints: host.taints.map(idOf).sort(),
  };
  const labels = labelChanges(host.labels, node.labels, before.labels);
  const taints = taintChanges(host.taints, node.taints, before.taints);
  const wanted = {
    [ownerAnnotation]: clusterId,
    [hostAnnotation]: host.name,
    [managedAnnotation]: JSON.stringify(managed),
  };
  const uncordon = drainAnnotation in node.annotations;
  const annotations = {
    ...Object.fromEntries(Object.entries(wanted).filter(([key, value]) => node.annotations[key] !== value)),
    ...(uncordon && { [drainAnnotation]: null }),
  };
  if (Object.keys({ ...labels, ...annotations }).length === 0 && taints === undefined) return undefined;
  const summary = summarise(labels, taints, annotations);
  return { labels, ...(taints && { taints }), ...(uncordon && { uncordon }), annotations, summary };
}

interface Managed {
  readonly labels: readonly string[];
  readonly taints: readonly string[];
}

function parseManaged(text: string | undefined): Managed {
  try {
    const { labels, taints } = JSON.parse(text ?? "{}") as Partial<Managed>;
    return { labels: labels ?? [], taints: taints ?? [] };
  } catch {
    return { labels: [], taints: [] };
  }
}

function labelChanges(
  wanted: Readonly<Record<string, string>>,
  has: Readonly<Record<string, string>>,
  owned: readonly string[],
): Record<string, string | null> {
  const set = Object.entries(wanted).filter(([key, value]) => has[key] !== value);
  const gone = owned.filter((key) => !(key in wanted) && key in has);
  return Object.fromEntries([...set, ...gone.map((key) => [key, null] as const)]);
}

/** The API replaces the list of taints as a whole: others' entries stay in it. */
function taintChanges(
  wanted: readonly Taint[],
  has: readonly Taint[],
  owned: readonly string[],
): readonly Taint[] | undefined {
  const ids = new Set(wanted.map(idOf));
  const kept = has.filter((taint) => !ids.has(idOf(taint)) && !owned.includes(idOf(taint)));
  const next = [...kept, ...wanted];
  const words = (taints: readonly Taint[]): string => taints.map(wordsOf).sort().join();
  return words(next) === words(has) ? undefined : next;
}

function idOf({ key, effect }: Taint): string {
  return `${key}:${effect}`;
}

function wordsOf(taint: Taint): string {
  return `${idOf(taint)}=${taint.value ?? ""}`;
}

function summarise(
  labels: Readonly<Record<string, string | null>>,
  taints: readonly Taint[] | undefined,
  annotations: NodePatch["annotations"],
): string {
  const keys = Object.entries(labels).map(([key, value]) => (value === null ? `-${key}` : key));
  return (
    [
      ...(ownerAnnotation in annotations || hostAnnotation in annotations ? ["owner"] : []),
      ...(keys.length > 0 ? [`labels ${keys.join(", ")}`] : []),
      ...(taints ? [`taints ${taints.map(({ key }) => key).join(", ") || "none"}`] : []),
      ...(drainAnnotation in annotations ? ["schedulable again"] : []),
    ].join("; ") || "managed keys"
  );
}
