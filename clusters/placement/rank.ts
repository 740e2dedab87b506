import { byText } from "../data/stable-json.ts";
import type { FleetCluster } from "../fleet/fleet.ts";
import type { Candidate } from "./choose.ts";
import { hourlyPrice } from "./ledger.ts";
import { roomFor, untolerated } from "./objection.ts";
import type { Situation, Wanted } from "./situation.ts";

/**
 * Clusters that an app fits on, the best first: without a taint to avoid, then by price or room if the division goes by
 * that, then the least loaded, then where the app has been before. Names decide between equals.
 */
export function rank(
  situation: Situation,
  wanted: Wanted,
  clusters: readonly FleetCluster[],
): readonly Candidate[] {
  return clusters.map((cluster) => rated(situation, wanted, cluster)).sort(byRating);
}

// The lower, the better.
interface Rated extends Candidate {
  readonly avoided: number;
  readonly division: number;
  readonly load: number;
  readonly pods: number;
  readonly isNew: number;
}

function rated(situation: Situation, wanted: Wanted, cluster: FleetCluster): Rated {
  const account = situation.ledger.of(cluster.name);
  const held = wanted.kept.clusters.get(cluster.name) ?? 0;
  const room = roomFor(situation, wanted, cluster);
  return {
    cluster,
    held,
    room,
    avoided: untolerated(cluster, wanted.rule.tolerations, "PreferNoSchedule") === undefined ? 0 : 1,
    division: byDivision(wanted, cluster, held + room),
    load: account.load,
    pods: account.pods,
    isNew: wanted.before.clusters.has(cluster.name) ? 0 : 1,
  };
}

function byDivision({ rule: { replicas }, units }: Wanted, cluster: FleetCluster, fits: number): number {
  if (replicas.kind === "each") return 0;
  if (replicas.by === "cost") return hourlyPrice(cluster, units) ?? Number.MAX_VALUE;
  // The difference of two infinities is no number.
  const counts = replicas.by === "capacity" || replicas.by === "aggregate";
  return counts ? -Math.min(fits, Number.MAX_SAFE_INTEGER) : 0;
}

function byRating(left: Rated, right: Rated): number {
  return (
    left.avoided - right.avoided ||
    left.division - right.division ||
    left.load - right.load ||
    left.pods - right.pods ||
    left.isNew - right.isNew ||
    byText(left.cluster.name, right.cluster.name)
  );
}
