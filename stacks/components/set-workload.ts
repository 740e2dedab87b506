import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { FleetCluster } from "../../clusters/fleet/fleet.ts";
import { type FleetLock, parseLock } from "../../clusters/lock/lock.ts";
import { resolveWaves, type ResolvedWave } from "../../clusters/waves/resolve.ts";
import { type RolloutRules, safeWaves } from "../../clusters/waves/waves.ts";
import { KeelsonError } from "../../errors.ts";
import { openReleases, storeReference } from "../engine/releases.ts";
import { type PlacedCluster, placeOn } from "./placed-clusters.ts";
import {
  type Offer,
  type RegisteredSet,
  registerSet,
  type RenderedSet,
  type SetOptions,
  type SetRegistration,
} from "./set-engine.ts";

/** What a program would have its clusters run, as the release store keeps it for `keelson fleet`. */
export interface AppOffer {
  readonly version: 1;
  /** The run of `keelson fleet` in which it was rendered; empty if it was none. */
  readonly run: string;
  readonly clusters: Readonly<Record<string, Offer>>;
  readonly waves: readonly ResolvedWave[];
  readonly rules: RolloutRules;
}

/** The record of a release store that holds what is offered for an app. */
export function offerRecord(app: string): string {
  return `apps/${app}`;
}

/** Names the run of `keelson fleet` that runs a program. */
export const runVariable = "KEELSON_FLEET_RUN";
/** Path of a lock that stands in for the program's own, to preview it. */
export const lockVariable = "KEELSON_FLEET_LOCK";

/** One workload on the "set" engine. */
export class SetEngine {
  readonly #name: string;
  readonly #options: SetOptions;
  readonly #parent: pulumi.Resource;
  readonly #store: string;
  readonly #lock: FleetLock | undefined;
  readonly #offers = new Map<
    string,
    { labels: Readonly<Record<string, string>>; offer: pulumi.Output<Offer> }
  >();

  /** @throws KeelsonError KEELSON_INVALID_INPUT, ProblemsError if the lock is none */
  constructor(name: string, options: SetOptions, parent: pulumi.Resource) {
    if (!/^[a-z0-9]([-a-z0-9]{0,47}[a-z0-9])?$/u.test(name)) {
      throw new KeelsonError(
        "KEELSON_INVALID_INPUT",
        `Cannot deploy workload "${name}": its name is no label of at most 49 characters`,
        { fix: 'Use a-z, 0-9 and -, or the engine "objects"' },
      );
    }
    this.#name = name;
    this.#options = options;
    this.#parent = parent;
    this.#store = options.store ?? storeReference();
    this.#lock = options.lock === undefined ? undefined : lockOf(process.env[lockVariable] || options.lock);
  }

  /**
   * The clusters that the lock places the app on; all of them without a lock, or if nothing was decided.
   *
   * @throws KeelsonError KEELSON_INVALID_INPUT if the lock names a cluster that is not among them
   */
  place<Cluster extends { readonly name: string }>(
    clusters: readonly Cluster[],
  ): readonly PlacedCluster<Cluster>[] {
    return placeOn(this.#name, clusters, this.#lock);
  }

  /** Registers the app on one cluster, and returns its services. What is wanted there is offered, too. */
  register(
    rendered: RenderedSet,
    {
      isWanted = true,
      patience = {},
    }: { readonly isWanted?: boolean; readonly patience?: SetRegistration["patience"] } = {},
  ): RegisteredSet["services"] {
    const releases = this.#lock === undefined ? undefined : (this.#lock.releases[this.#name] ?? {});
    const { services, offer } = registerSet(rendered, {
      store: this.#store,
      releases,
      options: this.#options,
      parent: this.#parent,
      patience,
    });
    const { name, labels } = rendered.cluster;
    if (isWanted) this.#offers.set(name, { labels, offer });
    return services;
  }

  /** Writes down what the program would have all clusters run, once everything of it is known; resolves when that is done. */
  offer(): pulumi.Output<boolean> {
    const clusters = [...this.#offers].map(([name, { labels }]) => factsOf(name, labels));
    const { waves, rules } = this.#options.rollout ?? safeWaves();
    const resolved = resolveWaves(waves, clusters);
    const offers = [...this.#offers].map(([name, { offer }]) => [name, offer] as const);
    return pulumi.output(Object.fromEntries(offers)).apply(async (offered) => {
      const record: AppOffer = {
        version: 1,
        run: process.env[runVariable] ?? "",
        clusters: offered,
        waves: resolved,
        rules,
      };
      await (await openReleases(this.#store)).writeRecord(offerRecord(this.#name), record);
      return true;
    });
  }
}

/** A cluster as selectors of waves see it: where it is may be said by labels. */
function factsOf(name: string, labels: Readonly<Record<string, string>>): FleetCluster {
  const { provider, region, zone } = labels;
  return {
    ...(provider !== undefined && { provider }),
    ...(region !== undefined && { region }),
    ...(zone !== undefined && { zone }),
    name,
    labels,
    taints: [],
  };
}

function lockOf(lock: string | FleetLock): FleetLock {
  return typeof lock === "string" ? readLock(lock) : lock;
}

function readLock(path: string): FleetLock {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (cause) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot read the fleet's lock file "${path}": ${String(cause)}`,
      {
        fix: "Write one with serializeLock(emptyLock), or correct the path",
        cause,
      },
    );
  }
  return parseLock(content);
}
