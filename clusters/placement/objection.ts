import type { Taint } from "../cluster.ts";
import { factOf } from "../fleet/fleet.ts";
import type { FleetCluster } from "../fleet/fleet.ts";
import type { Selector } from "../fleet/select.ts";
import { hourlyPrice } from "./ledger.ts";
import type { ClusterToleration, Divided } from "./placement.ts";
import type { Situation, Wanted } from "./situation.ts";

/** Why an app cannot be on a cluster. */
export interface Objection {
  /** A declared rule keeps the app away; otherwise the cluster would be right, but for its facts. */
  readonly isRule: boolean;
  readonly text: string;
}

/**
 * What speaks against an app on a cluster; undefined if nothing does. What an app already has on a cluster is not measured
 * against today's capacity and prices: facts that waver move nothing.
 */
export function objection(
  situation: Situation,
  wanted: Wanted,
  cluster: FleetCluster,
  selector: Selector,
): Objection | undefined {
  const rule = selector.matches(cluster)
    ? (tainted(wanted, cluster) ??
      enemy(situation, wanted, cluster) ??
      placeless(wanted, cluster) ??
      weightless(wanted, cluster))
    : `it does not match ${selector.text}`;
  if (rule !== undefined) return { isRule: true, text: rule };
  const fact = unknown(wanted, cluster) ?? full(situation, wanted, cluster);
  return fact === undefined ? undefined : { isRule: false, text: fact };
}

/** How many replicas of an app can be added on a cluster. */
export function roomFor({ ledger }: Situation, { rule, units }: Wanted, cluster: FleetCluster): number {
  return untolerated(cluster, rule.tolerations, "NoSchedule") === undefined
    ? ledger.of(cluster.name).room(units)
    : 0;
}

/** The first taint of an effect that an app does not tolerate. */
export function untolerated(
  { taints }: FleetCluster,
  tolerations: readonly ClusterToleration[],
  effect: Taint["effect"],
): Taint | undefined {
  // Most clusters have none, and this is asked a million times.
  if (taints.length === 0) return undefined;
  return taints.find(
    (taint) =>
      taint.effect === effect &&
      !tolerations.some(
        ({ key, value }) => key === taint.key && (value === undefined || value === taint.value),
      ),
  );
}

/** What a cluster counts in a division by weight; 1 in every other one. */
export function weightOf({ by, weight }: Divided, cluster: FleetCluster): number {
  return by === "weight" && weight !== undefined ? weight(cluster) : 1;
}

function tainted({ rule, kept }: Wanted, cluster: FleetCluster): string | undefined {
  const isNew = !kept.clusters.has(cluster.name);
  const taint =
    untolerated(cluster, rule.tolerations, "NoExecute") ??
    (isNew ? untolerated(cluster, rule.tolerations, "NoSchedule") : undefined);
  if (taint === undefined) return undefined;
  const value = taint.value === undefined ? "" : `=${taint.value}`;
  return `it has the taint ${taint.key}${value}:${taint.effect}`;
}

function enemy(situation: Situation, wanted: Wanted, { name }: FleetCluster): string | undefined {
  const other = situation.enemyOn(wanted, name);
  return other === undefined ? undefined : `"${other}" is there, which must be apart`;
}

function placeless({ rule }: Wanted, cluster: FleetCluster): string | undefined {
  const spreads = rule.choice === "pick" ? rule.spread : [];
  const missing = spreads.find(({ by }) => factOf(cluster, by) === undefined);
  return missing === undefined ? undefined : `it has no "${missing.by}" to spread by`;
}

function weightless({ rule: { replicas } }: Wanted, cluster: FleetCluster): string | undefined {
  if (replicas.kind === "each") return undefined;
  const weight = weightOf(replicas, cluster);
  return weight > 0 && weight < Infinity ? undefined : `its weight is ${weight}`;
}

function unknown({ rule, kept, units }: Wanted, cluster: FleetCluster): string | undefined {
  if (rule.replicas.kind === "each" || kept.clusters.has(cluster.name)) return undefined;
  const { by } = rule.replicas;
  if ((by === "capacity" || by === "aggregate") && cluster.capacity === undefined)
    return "its capacity is not known";
  return by === "cost" && hourlyPrice(cluster, units) === undefined ? "its price is not known" : undefined;
}

function full(situation: Situation, wanted: Wanted, cluster: FleetCluster): string | undefined {
  const { rule, kept, units } = wanted;
  const held = kept.clusters.get(cluster.name) ?? 0;
  // Divided replicas go elsewhere; but a cluster that is picked gets one at least.
  const divided = rule.choice === "all" ? 0 : 1;
  const needed = rule.replicas.kind === "each" ? rule.replicas.count : divided;
  if (held >= needed) return undefined;
  const fits = held + roomFor(situation, wanted, cluster);
  if (fits >= needed) return undefined;
  const short = situation.ledger.of(cluster.name).shortOf(units, needed - held);
  return `it has room for ${fits} of ${needed} replicas${short === "" ? "" : `: too little ${short}`}`;
}
