import assert from "node:assert/strict";
import type { FleetWorld, GateRequest, Outcome, Update, Verdict } from "../../cli/fleet/world.ts";
import { emptyLock, type FleetLock, parseLock, serializeLock } from "../../clusters/lock/lock.ts";
import type { Rollout } from "../../clusters/waves/rollout.ts";
import type { AppOffer } from "../../stacks/components/set-workload.ts";

/** Ends a driver as a kill does, at a call of its world. */
export class Killed extends Error {}

/** A digest of a release, from one digit. */
export function digestOf(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

/** What a program offers for these clusters: one release, and waves by their clusters. */
export function offerOf(
  digest: string,
  waves: readonly (readonly string[])[],
  rules: Partial<AppOffer["rules"]> = {},
): AppOffer {
  const clusters = waves
    .flat()
    .map((name): [string, AppOffer["clusters"][string]] => [
      name,
      { release: digest, clusterId: `${name}-id`, inventory: { name: "keelson-shop", namespace: "shop" } },
    ]);
  return {
    version: 1,
    run: "",
    clusters: Object.fromEntries(clusters),
    waves: waves.map((members, index) => ({ name: `wave ${index}`, approval: false, clusters: members })),
    rules: { maxFailures: 0, onFailure: "rollback", deadlineSeconds: 600, ...rules },
  };
}

/** Clusters in memory behind the files and the stack of a fleet, which outlive the driver. */
export class FakeFleet implements FleetWorld {
  /** What each cluster really runs. */
  readonly runs = new Map<string, string>();
  /** What the stack's state says of it: a killed update leaves the truth behind. */
  readonly state = new Map<string, string>();
  /** The clusters that each update was about; undefined if it was about all. */
  readonly touched: (readonly string[] | undefined)[] = [];
  /** Every change of a cluster in order: `eu1 <digest>`. */
  readonly changes: string[] = [];
  /** Clusters that do not answer. */
  readonly silent = new Set<string>();
  /** Digests that never become healthy, and where; "everywhere" means on any cluster. */
  readonly broken = new Map<string, string>();
  /** Asked before each call of the world whether the driver is killed there. */
  mayKill: () => boolean = () => false;
  /** A killed driver does nothing any more. Set it to false to start another one. */
  isDead = false;
  /** Called before a cluster is changed. */
  onChange: (cluster: string, digest: string | undefined) => void = () => undefined;
  /** Called when the gate looks at a cluster. */
  onVerify: (cluster: string) => void = () => undefined;
  offers: ReadonlyMap<string, AppOffer> = new Map();
  updates = 0;
  /** How often a rollout was saved. */
  saves = 0;

  #lock = serializeLock(emptyLock);
  readonly #rollouts = new Map<string, string>();

  get lock(): FleetLock {
    return parseLock(this.#lock);
  }

  readonly now = (): number => 0;

  clock = (): number => 0;

  readonly readLock = (): Promise<FleetLock> => this.#call(() => this.lock);

  readonly writeLock = (lock: FleetLock): Promise<void> =>
    this.#call(() => {
      this.#lock = serializeLock(lock);
    });

  readonly readRollout = (app: string): Promise<Rollout | undefined> =>
    this.#call(() => {
      const text = this.#rollouts.get(app);
      return text === undefined ? undefined : (JSON.parse(text) as Rollout);
    });

  readonly writeRollout = (rollout: Rollout): Promise<void> =>
    this.#call(() => {
      this.saves += 1;
      this.#rollouts.set(rollout.app, JSON.stringify(rollout));
    });

  readonly render = (): Promise<ReadonlyMap<string, AppOffer>> => this.#call(() => this.offers);

  update: FleetWorld["update"] = (app, touched): Promise<Update> =>
    this.#call(() => {
      this.updates += 1;
      this.touched.push(touched);
      const wanted = this.lock.releases[app] ?? {};
      for (const cluster of new Set([...Object.keys(wanted), ...this.state.keys(), ...this.runs.keys()])) {
        const isSeen = touched?.includes(cluster) !== false;
        if (isSeen || this.state.get(cluster) !== wanted[cluster]) this.#change(cluster, wanted[cluster]);
      }
      return { of: (cluster) => this.#call(() => this.#outcome(cluster, wanted[cluster])) };
    });

  verify(_app: string, cluster: string, { version }: GateRequest): Promise<Verdict> {
    return this.#call((): Verdict => {
      this.onVerify(cluster);
      if (this.silent.has(cluster)) return { state: "silent" };
      const runs = this.runs.get(cluster) ?? "nothing";
      // The status of the release before says nothing of this one.
      if (`version of ${runs}` !== version) return { state: "failed", reason: "another release" };
      const where = this.broken.get(runs);
      return where === "everywhere" || where === cluster
        ? { state: "failed", reason: "not healthy in time: apps/Deployment shop/web is InProgress" }
        : { state: "verified" };
    });
  }

  #change(cluster: string, digest: string | undefined): void {
    if (this.silent.has(cluster)) {
      // It waits for this release in the state; the app is not taken away unheard.
      if (digest !== undefined) put(this.state, cluster, digest);
      return;
    }
    if (this.runs.get(cluster) !== digest) {
      this.onChange(cluster, digest);
      this.changes.push(`${cluster} ${digest?.slice(7, 8) ?? "none"}`);
      put(this.runs, cluster, digest);
      this.#dieIfKilled();
    }
    put(this.state, cluster, digest);
  }

  #outcome(cluster: string, wanted: string | undefined): Outcome {
    if (this.silent.has(cluster)) return { state: "silent" };
    return wanted === undefined ? { state: "gone" } : { state: "applied", version: `version of ${wanted}` };
  }

  #call<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      this.#dieIfKilled();
      resolve(work());
    });
  }

  #dieIfKilled(): void {
    this.isDead ||= this.mayKill();
    if (this.isDead) throw new Killed();
  }
}

function put(map: Map<string, string>, cluster: string, digest: string | undefined): void {
  if (digest === undefined) map.delete(cluster);
  else map.set(cluster, digest);
}

/** Starts a driver again after every kill. */
export async function untilItEnds(fleet: FakeFleet, run: () => Promise<number>): Promise<number> {
  for (let starts = 0; starts < 100; starts += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isKill(error)) throw error;
      // What the killed driver had in flight ends with it.
      await new Promise((resolve) => setImmediate(resolve));
      fleet.isDead = false;
    }
  }
  return assert.fail("the driver never ends");
}

function isKill(error: unknown): boolean {
  if (error instanceof Killed) return true;
  const { cause } = error as Error;
  return cause instanceof AggregateError && cause.errors.every((each) => each instanceof Killed);
}
