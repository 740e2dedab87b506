import { ProblemsError } from "../../errors.ts";
import type { Problem } from "../../errors.ts";
import { didYouMean } from "../data/nearest.ts";
import { invalid, record } from "../data/shape.ts";
import { byText } from "../data/stable-json.ts";
import { clusterFactsShape, labelShape } from "./facts-file.ts";
import type { FleetFacts } from "./facts-file.ts";
import { namedFacts } from "./fleet.ts";
import type { ClusterFacts, Fleet, FleetCluster } from "./fleet.ts";

/**
 * The clusters of a fleet, by name: what is declared of them, over what was gathered.
 *
 * @throws ProblemsError with everything that is wrong, each with its path
 */
export function defineFleet(clusters: Readonly<Record<string, ClusterFacts>>, facts?: FleetFacts): Fleet {
  const problems = [
    ...record(labelShape, clusterFactsShape).problems(clusters, "clusters"),
    ...Object.keys(facts?.clusters ?? {}).flatMap((name) => strangers(name, clusters)),
  ];
  // Labels can be looked at only where they are labels.
  if (problems.length === 0) problems.push(...Object.entries(clusters).flatMap(hiddenFacts));
  if (problems.length > 0) throw new ProblemsError("define the fleet", problems);
  const gathered = new Map(Object.entries(facts?.clusters ?? {}));
  return {
    clusters: Object.entries(clusters)
      .map(([name, declared]) => merge(name, gathered.get(name) ?? {}, declared))
      .sort((left, right) => byText(left.name, right.name)),
    ...(facts !== undefined && { gatheredAt: facts.gatheredAt }),
  };
}

function merge(name: string, gathered: ClusterFacts, declared: ClusterFacts): FleetCluster {
  return {
    ...gathered,
    ...declared,
    name,
    labels: { ...gathered.labels, ...declared.labels },
    taints: declared.taints ?? gathered.taints ?? [],
  };
}

function strangers(name: string, clusters: Readonly<Record<string, ClusterFacts>>): Problem[] {
  if (Object.hasOwn(clusters, name)) return [];
  const hint = didYouMean(name, Object.keys(clusters));
  return [invalid(`facts.clusters.${name}`, `the fleet has no cluster of this name${hint}`)];
}

// A selector's key must mean one thing.
function hiddenFacts([name, { labels }]: readonly [string, ClusterFacts]): Problem[] {
  return namedFacts
    .filter((fact) => labels !== undefined && Object.hasOwn(labels, fact))
    .map((fact) =>
      invalid(`clusters.${name}.labels.${fact}`, `"${fact}" is a property of the cluster, not a label`),
    );
}
