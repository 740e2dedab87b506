import { type Problem, ProblemsError } from "../errors.ts";
import type { KubeClient } from "./client.ts";
import { selects } from "./label-selector.ts";
import type { LabelSelector } from "./label-selector.ts";
import { controllerOf, podName } from "./pods-to-move.ts";
import type { Pod } from "./pods-to-move.ts";

/** What a drain may do to pods. */
export interface DrainPolicy {
  /** How long pods may take to leave, in seconds. @default 300 */
  readonly timeoutSeconds?: number;
  /** Whether pods go that come back nowhere else, and those that no budget will ever let go. @default false */
  readonly force?: boolean;
  /** Whether pods may lose what they keep in `emptyDir` volumes. @default true */
  readonly deleteEmptyDir?: boolean;
}

/** A disruption budget as the API returns it, as far as it is read here. */
export interface Budget {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation?: number };
  readonly spec?: {
    readonly selector?: LabelSelector | null;
    readonly unhealthyPodEvictionPolicy?: string;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly expectedPods?: number;
  };
}

/** A volume as the API returns it, as far as it is read here. */
export interface Volume {
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly local?: object;
    readonly hostPath?: object;
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
  };
}

/** What the judgement of a drain needs to know. */
export interface DrainFacts {
  readonly pods: readonly Pod[];
  readonly budgets: readonly Budget[];
  readonly volumes: readonly Volume[];
}

/** Reads what a drain of these pods depends on; volumes only if one of the pods claims any. */
export async function readDrainFacts(
  client: Pick<KubeClient, "request">,
  pods: readonly Pod[],
  signal?: AbortSignal,
): Promise<DrainFacts> {
  const list = async <Item>(path: string): Promise<readonly Item[]> =>
    (await client.request<{ readonly items: readonly Item[] }>({ path, ...(signal && { signal }) })).items;
  const hasClaims = pods.some((pod) => claimsOf(pod).length > 0);
  const [budgets, volumes] = await Promise.all([
    pods.length === 0 ? [] : list<Budget>("/apis/policy/v1/poddisruptionbudgets"),
    hasClaims ? list<Volume>("/api/v1/persistentvolumes") : [],
  ]);
  return { pods, budgets, volumes };
}

/**
 * Refuses a drain that would never end.
 *
 * @throws ProblemsError with every pod that will not leave the node
 */
export function refuseBlockedDrain(node: string, facts: DrainFacts, policy: DrainPolicy): void {
  const blockers = drainBlockers(facts, policy);
  if (blockers.length > 0) throw new ProblemsError(`drain node "${node}"`, blockers);
}

/**
 * Names every pod that will not leave however long a drain waits: one that nothing would make anew, one whose budget
 * allows no disruption even when all of its pods are healthy, one whose data stay on the node. Pure.
 */
export function drainBlockers(
  facts: DrainFacts,
  { force, deleteEmptyDir = true }: DrainPolicy = {},
): readonly Problem[] {
  return facts.pods.flatMap((pod): readonly Problem[] => {
    if (pod.metadata.deletionTimestamp !== undefined) return [];
    const reasons = [
      ...(force === true ? [] : [...naked(pod), ...local(pod, facts.volumes), ...locked(pod, facts.budgets)]),
      ...(deleteEmptyDir ? [] : scratch(pod)),
    ];
    return reasons.map(([message, fix]) => ({
      code: "KEELSON_DRAIN_BLOCKED",
      where: `pod ${podName(pod)}`,
      message,
      fix,
    }));
  });
}

/** Whether no eviction of the pod can succeed, now or later. */
export function isLocked(pod: Pod, budgets: readonly Budget[]): boolean {
  return locked(pod, budgets).length > 0;
}

type Reason = readonly [message: string, fix: string];

const forceFix = "or set drain.force on the host's pool and run the program once before you remove the host";

function naked(pod: Pod): readonly Reason[] {
  if (controllerOf(pod) !== undefined) return [];
  return [["belongs to no controller, and nothing would make it anew", `Delete it, ${forceFix}`]];
}

function scratch({ spec }: Pod): readonly Reason[] {
  const names = (spec?.volumes ?? []).flatMap(({ name, emptyDir }) => (emptyDir ? [`"${name}"`] : []));
  if (names.length === 0) return [];
  return [
    [`would lose the emptyDir ${names.join(", ")}`, "Save the data, or leave out drain.deleteEmptyDir"],
  ];
}

function local(pod: Pod, volumes: readonly Volume[]): readonly Reason[] {
  const claims = claimsOf(pod);
  return volumes.flatMap(({ metadata, spec = {} }): readonly Reason[] => {
    const isLocal = spec.local !== undefined || spec.hostPath !== undefined;
    const { namespace, name = "" } = spec.claimRef ?? {};
    if (!isLocal || namespace !== pod.metadata.namespace || !claims.includes(name)) return [];
    const message = `keeps its data on this host, in volume "${metadata.name}", and could start nowhere else`;
    return [[message, `Move the data and delete the claim "${name}", ${forceFix}`]];
  });
}

function locked(pod: Pod, budgets: readonly Budget[]): readonly Reason[] {
  const own = budgets.filter((budget) => covers(budget, pod));
  const names = own.map(({ metadata }) => `"${metadata.name}"`).join(", ");
  if (own.length > 1) {
    return [
      [
        `is kept by several budgets, ${names}: then the API evicts nothing`,
        `Delete all but one, ${forceFix}`,
      ],
    ];
  }
  return own
    .filter((budget) => isForEver(budget, pod))
    .map(({ status = {} }) => {
      const [wanted, all] = [String(status.desiredHealthy ?? 0), String(status.expectedPods ?? 0)];
      const message = `is kept by budget ${names}, which wants ${wanted} healthy of ${all} pods and so never lets one go`;
      return [message, `Give the app one replica more, or loosen the budget, ${forceFix}`];
    });
}

function covers({ metadata, spec }: Budget, pod: Pod): boolean {
  return metadata.namespace === pod.metadata.namespace && selects(spec?.selector, pod.metadata.labels);
}

/** Full health would not help: the budget wants as many pods as there are. A status that lags behind says nothing. */
function isForEver(budget: Budget, pod: Pod): boolean {
  const { metadata, status = {} } = budget;
  if (status.observedGeneration !== metadata.generation || status.disruptionsAllowed !== 0) return false;
  if (!isHealthy(pod) && letsUnhealthyGo(budget)) return false;
  return (status.expectedPods ?? 0) <= (status.desiredHealthy ?? 0);
}

function isHealthy({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
}

function letsUnhealthyGo({ spec, status: { currentHealthy = 0, desiredHealthy = 0 } = {} }: Budget): boolean {
  const isMet = desiredHealthy > 0 && currentHealthy >= desiredHealthy;
  return isMet || spec?.unhealthyPodEvictionPolicy === "AlwaysAllow";
}

function claimsOf({ spec }: Pod): readonly string[] {
  return (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
    claim ? [claim.claimName] : [],
  );
}
