import type { Capacity, FleetCluster } from "../fleet/fleet.ts";
import type { Request } from "./placement.ts";

/** What one replica takes, in whole units, so that sums are exact: thousandths of a core, MiB, pods, GPUs. */
export type Units = readonly [cpu: number, memory: number, pods: number, gpu: number];

const words = ["processor", "memory", "pods", "GPUs"] as const;

/** What a replica takes that asks for nothing: as much as a small web service. */
const defaultRequest: Request = { cpu: 0.1, memoryGib: 0.125 };

/** What one replica takes. */
export function unitsOf({ cpu, memoryGib, gpu = 0 }: Request = defaultRequest): Units {
  return [Math.ceil(cpu * 1000), Math.ceil(memoryGib * 1024), 1, Math.ceil(gpu)];
}

/** What an hour of one replica costs on a cluster; undefined if the cluster has no price. */
export function hourlyPrice({ price }: FleetCluster, [cpu, memory, , gpu]: Units): number | undefined {
  if (price === undefined) return undefined;
  return (cpu / 1000) * price.cpuHour + (memory / 1024) * price.gibHour + gpu * (price.gpuHour ?? 0);
}

/** What is taken of a cluster, and what is left. */
export class Account {
  readonly #all: Units;
  readonly #left: number[];

  /** A cluster whose capacity is unknown has room for everything. */
  constructor(capacity: Capacity | undefined) {
    const { cpu = Infinity, memoryGib = Infinity, pods = Infinity } = capacity ?? {};
    const gpu = capacity === undefined ? Infinity : (capacity.gpu ?? 0);
    this.#all = [Math.floor(cpu * 1000), Math.floor(memoryGib * 1024), pods, gpu];
    this.#left = [...this.#all];
  }

  /** How many pods are placed here. */
  pods = 0;

  /** The share of the scarcest resource that is taken; 0 if the capacity is unknown. */
  load = 0;

  /** Takes room for replicas, or gives it back if the number is negative. */
  take(units: Units, replicas: number): void {
    this.pods += replicas;
    for (let index = 0; index < units.length; index += 1)
      this.#left[index] = (this.#left[index] ?? 0) - (units[index] ?? 0) * replicas;
    this.load = this.#loadNow();
  }

  /** How many more replicas fit; Infinity if the capacity is unknown. */
  room(units: Units): number {
    let room = Infinity;
    for (let index = 0; index < units.length; index += 1) {
      const unit = units[index] ?? 0;
      if (unit > 0) room = Math.min(room, (this.#left[index] ?? 0) / unit);
    }
    return Math.max(0, Math.floor(room));
  }

  /** What there is too little of for so many more replicas, in words. */
  shortOf(units: Units, replicas: number): string {
    const short = words.filter((_, index) => (this.#left[index] ?? 0) < (units[index] ?? 0) * replicas);
    return short.join(" and ");
  }

  #loadNow(): number {
    let load = 0;
    for (let index = 0; index < this.#left.length; index += 1) {
      const [all, left] = [this.#all[index] ?? 0, this.#left[index] ?? 0];
      if (left < all) load = Math.max(load, (all - left) / all);
    }
    return load;
  }
}

/** The accounts of all clusters of a fleet. */
export class Ledger {
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #gone = new Account({ cpu: 0, memoryGib: 0 });

  constructor(clusters: readonly FleetCluster[]) {
    this.#accounts = new Map(clusters.map(({ name, capacity }) => [name, new Account(capacity)]));
  }

  /** The account of a cluster; of one that the fleet does not have, an account that nobody looks at. */
  of(cluster: string): Account {
    return this.#accounts.get(cluster) ?? this.#gone;
  }
}
