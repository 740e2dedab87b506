import { byText } from "../data/stable-json.ts";
import type { Fleet, FleetCluster } from "../fleet/fleet.ts";
import type { Decision } from "./decision.ts";
import { Ledger, unitsOf } from "./ledger.ts";
import type { Units } from "./ledger.ts";
import type { PlacedApp, Placement } from "./placement.ts";

/** Where an app is: which of its choices is in use, and the replicas by cluster. */
export interface Placing {
  readonly tier: number;
  /** In the order of their names. */
  readonly clusters: ReadonlyMap<string, number>;
}

/** An app that is being placed. */
export interface Wanted {
  readonly name: string;
  readonly rule: Placement;
  readonly units: Units;
  /** Where it was. */
  readonly before: Placing;
  /** Where it should stay: nowhere if it is to be decided afresh. */
  readonly kept: Placing;
}

const nowhere: Placing = { tier: 0, clusters: new Map() };

/** The clusters, and where every app is at this point of the plan: as before, until it has been decided. */
export class Situation {
  /** In the order of their names. */
  readonly clusters: readonly FleetCluster[];
  readonly ledger: Ledger;
  readonly #placings = new Map<string, Placing>();
  readonly #decided = new Set<string>();
  readonly #apart = new Map<string, Set<string>>();
  readonly #units: ReadonlyMap<string, Units>;

  constructor(fleet: Fleet, apps: readonly PlacedApp[], previous: ReadonlyMap<string, Placing>) {
    this.clusters = fleet.clusters.toSorted((left, right) => byText(left.name, right.name));
    this.ledger = new Ledger(this.clusters);
    this.#units = new Map(apps.map(({ name, request }) => [name, unitsOf(request)]));
    for (const { name, apartFrom = [] } of apps) {
      this.#placings.set(name, previous.get(name) ?? nowhere);
      this.#take(name, 1);
      for (const other of apartFrom) this.#keepApart(name, other);
    }
  }

  /** An app as it is to be placed. */
  wanted({ name, place }: PlacedApp, afresh: boolean): Wanted {
    const before = this.#placings.get(name) ?? nowhere;
    const units = this.#units.get(name) ?? unitsOf();
    return { name, rule: place.rule, units, before, kept: afresh ? nowhere : before };
  }

  /** What one replica of an app takes; undefined if the app is gone. */
  unitsOf(app: string): Units | undefined {
    return this.#units.get(app);
  }

  /** Frees what an app has while it is decided afresh. */
  release({ name }: Wanted): void {
    this.#take(name, -1);
    this.#placings.set(name, nowhere);
  }

  /** Where an app is from now on. */
  decide({ name }: Wanted, placing: Placing): void {
    this.#take(name, -1);
    this.#placings.set(name, placing);
    this.#take(name, 1);
    this.#decided.add(name);
  }

  /** An app on a cluster that another one must not join. Where both are already, the first one decided stays. */
  enemyOn({ name, kept }: Wanted, cluster: string): string | undefined {
    for (const other of this.#apart.get(name) ?? []) {
      const isThere = this.#placings.get(other)?.clusters.has(cluster) === true;
      if (isThere && (this.#decided.has(other) || !kept.clusters.has(cluster))) return other;
    }
    return undefined;
  }

  #take(app: string, sign: 1 | -1): void {
    const units = this.#units.get(app);
    if (units === undefined) return;
    for (const [cluster, replicas] of this.#placings.get(app)?.clusters ?? [])
      this.ledger.of(cluster).take(units, sign * replicas);
  }

  #keepApart(left: string, right: string): void {
    for (const [one, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const others = this.#apart.get(one) ?? new Set();
      this.#apart.set(one, others.add(other));
    }
  }
}

/** The placings of a decision, by app. */
export function placingsOf(decision: Decision): ReadonlyMap<string, Placing> {
  return new Map(
    Object.entries(decision.apps).map(([app, { tier, clusters }]) => [
      app,
      { tier, clusters: sortedByName(Object.entries(clusters)) },
    ]),
  );
}

/** Replicas by cluster, in the order of the clusters' names. */
export function sortedByName(entries: Iterable<readonly [string, number]>): ReadonlyMap<string, number> {
  return new Map([...entries].sort((left, right) => byText(left[0], right[0])));
}
