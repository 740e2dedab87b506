import { ProblemsError } from "../../errors.ts";
import type { Problem } from "../../errors.ts";
import { invalid } from "../data/shape.ts";
import { byText } from "../data/stable-json.ts";
import type { FleetCluster } from "../fleet/fleet.ts";
import type { Take, Wave } from "./waves.ts";
import type { MaintenanceWindow } from "./windows.ts";

/** A wave with its clusters. */
export interface ResolvedWave {
  readonly name: string;
  readonly approval: boolean;
  /** When it may begin. @default - at any time */
  readonly windows?: readonly MaintenanceWindow[];
  /** In the order of their names. */
  readonly clusters: readonly string[];
}

/**
 * The clusters of every wave; waves that nothing is left for are not among them. Clusters that do not answer come last, so
 * that a canary is one that can sing.
 *
 * @throws ProblemsError with every cluster that is in no wave or in two, and every selector that matches nothing
 */
export function resolveWaves(
  waves: readonly Wave[],
  clusters: readonly FleetCluster[],
  silent: ReadonlySet<string> = new Set(),
): readonly ResolvedWave[] {
  const named = waves.map(({ take }) => namedBy(take, clusters));
  const free = clusters
    .map(({ name }) => name)
    .filter((name) => !named.some((names) => names.has(name)))
    .sort((left, right) => Number(silent.has(left)) - Number(silent.has(right)) || byText(left, right));
  const resolved = waves.map(({ take, ...wave }, index) => {
    const taken =
      take.kind === "where" ? [...(named[index] ?? [])] : free.splice(0, sizeOf(take, clusters.length));
    return { ...wave, clusters: taken.sort(byText) };
  });
  const problems = [...waveProblems(waves, named), ...clusterProblems(clusters, named, free)];
  if (problems.length > 0) throw new ProblemsError("divide the clusters into waves", problems);
  return resolved.filter((wave) => wave.clusters.length > 0);
}

function namedBy(take: Take, clusters: readonly FleetCluster[]): ReadonlySet<string> {
  if (take.kind !== "where") return new Set();
  return new Set(clusters.filter((cluster) => take.selector.matches(cluster)).map(({ name }) => name));
}

function sizeOf(take: Exclude<Take, { kind: "where" }>, all: number): number {
  switch (take.kind) {
    case "count":
      return take.count;
    case "percent":
      return Math.ceil((all * take.percent) / 100);
    case "rest":
      return Infinity;
  }
}

// An empty wave of a selector is a typing error, or the wave that was to protect the others.
function waveProblems(waves: readonly Wave[], named: readonly ReadonlySet<string>[]): readonly Problem[] {
  return waves.flatMap(({ name, take }, index) => {
    const where = `waves[${index}] (${name})`;
    if (take.kind === "where" && named[index]?.size === 0)
      return [invalid(where, "it matches no cluster of the release")];
    return take.kind === "rest" && index < waves.length - 1
      ? [invalid(where, "waves after the rest get nothing")]
      : [];
  });
}

function clusterProblems(
  clusters: readonly FleetCluster[],
  named: readonly ReadonlySet<string>[],
  left: readonly string[],
): readonly Problem[] {
  const twice = clusters.filter(({ name }) => named.filter((names) => names.has(name)).length > 1);
  return [
    ...twice.map(({ name }) => invalid(name, "two waves take it")),
    ...left.map((name) => invalid(name, "no wave takes it, end with rest()")),
  ];
}
