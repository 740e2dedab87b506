import type { NodePool, Profile } from "../../clusters/profile.ts";
import { thousandths } from "../core/quantity.ts";
import type { Amounts } from "../rules/amounts.ts";

/** One node, as the scheduler would see it. */
export interface Node {
  readonly name: string;
  readonly pool: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: NonNullable<NodePool["taints"]>;
  /** What pods may ask for, in thousandths. A resource that is missing is not there; storage is then unbounded. */
  readonly allocatable: Amounts;
}

/** The nodes of pools, those of a pool alternating between its zones. */
export function nodesOf(pools: NonNullable<Profile["nodes"]>): readonly Node[] {
  return Object.entries(pools).flatMap(([pool, each]) =>
    Array.from({ length: each.count }, (_, index) => nodeOf(pool, each, index)),
  );
}

function nodeOf(
  pool: string,
  { labels, taints = [], zones = [], ...amounts }: NodePool,
  index: number,
): Node {
  const name = `${pool}-${index + 1}`;
  const zone = zones[index % zones.length];
  return {
    name,
    pool,
    labels: {
      "kubernetes.io/hostname": name,
      "kubernetes.io/os": "linux",
      "keelson.dev/pool": pool,
      ...(zone !== undefined && { "topology.kubernetes.io/zone": zone }),
      ...labels,
    },
    taints,
    allocatable: allocatableOf(amounts),
  };
}

function allocatableOf({
  cpu,
  memory,
  pods = 110,
  ephemeralStorage,
  devices = {},
}: Omit<NodePool, "labels" | "taints" | "zones">): Amounts {
  const all = { cpu, memory, pods, "ephemeral-storage": ephemeralStorage ?? Infinity, ...devices };
  return new Map(
    Object.entries(all).map(([name, amount]) => [
      name,
      amount === Infinity ? Infinity : (thousandths(amount) ?? 0),
    ]),
  );
}
