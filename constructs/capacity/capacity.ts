import type { IConstruct } from "constructs";
import type { Profile } from "../../clusters/profile.ts";
import { KeelsonError } from "../../errors.ts";
import { profileOf } from "../core/profile.ts";
import { renderScope } from "../core/rendered.ts";
import { type Workload, workloadsIn } from "../rules/workloads.ts";
import { nodesOf } from "./nodes.ts";
import { pack } from "./pack.ts";
import { type CapacityReport, reportOf } from "./report.ts";

/** On what, and how much of it. */
export interface CapacityOptions {
  /** @default - the nodes of the profile */
  readonly nodes?: NonNullable<Profile["nodes"]>;
  /** `peak`: autoscalers at their upper bound, and every update under way at once; `rest`: as few pods as there may be. @default "peak" */
  readonly load?: "peak" | "rest";
}

/**
 * Whether all pods of a scope fit on the nodes of its cluster, and where they would run, by what they ask for. Nothing
 * else is taken to run there; what does is left out of a node's amounts. Changes nothing.
 *
 * @throws KeelsonError if no nodes are known
 */
export function capacityOf(scope: IConstruct, options: CapacityOptions = {}): CapacityReport {
  const { nodes: pools = profileOf(scope).nodes, load = "peak" } = options;
  if (pools === undefined) {
    throw new KeelsonError("KEELSON_INVALID_CONSTRUCT", "Cannot say what fits: the profile names no nodes", {
      fix: 'Say them in the profile, nodes: { general: { count: 3, cpu: 4, memory: "16Gi" } } for example, or as an option',
    });
  }
  const nodes = nodesOf(pools);
  const counts = new Map(
    workloadsIn(renderScope(scope)).map((workload) => [workload, countOf(workload, load)] as const),
  );
  const spread = pack(nodes, counts, "spread");
  if (spread.missing.size === 0) return reportOf(spread, counts, "spread");
  const tight = pack(nodes, counts, "tight");
  return lostIn(tight.missing) < lostIn(spread.missing)
    ? reportOf(tight, counts, "tight")
    : reportOf(spread, counts, "spread");
}

function countOf({ least, most, surge }: Workload, load: "peak" | "rest"): number {
  return load === "peak" ? most + surge : least;
}

function lostIn(missing: ReadonlyMap<Workload, number>): number {
  return [...missing.values()].reduce((sum, count) => sum + count, 0);
}
