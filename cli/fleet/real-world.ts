import type { FleetLock } from "../../clusters/lock/lock.ts";
import type { Rollout } from "../../clusters/waves/rollout.ts";
import { connectCluster, type ReleaseStore, type TargetCluster } from "../../delivery/index.ts";
import { KeelsonError } from "../../errors.ts";
import {
  type AppOffer,
  lockVariable,
  offerRecord,
  runVariable,
} from "../../stacks/components/set-workload.ts";
import type { PulumiRunner } from "../../stacks/engine/pulumi-run.ts";
import { accessRecord, type ClusterAccess } from "../../stacks/engine/releases.ts";
import { watchedValue, watchedVariable } from "../../stacks/provider/watched.ts";
import { waitAtGate } from "./gate.ts";
import { readLockFile, writeLockFile } from "./lock-file.ts";
import { type SetState, setsIn, withRunning } from "./stack-state.ts";
import type { FleetWorld, GateRequest, Outcome, Update, Verdict } from "./world.ts";

const probeMs = 5000;

export interface FleetOptions {
  /** Pulumi on the project, with these variables for its program. */
  readonly pulumi: (variables: Readonly<Record<string, string>>) => Pick<PulumiRunner, "read">;
  readonly store: ReleaseStore;
  /** Path of the lock file. */
  readonly lock: string;
  /** @default - the stack that is selected */
  readonly stack?: string;
  /** Unique to this run. */
  readonly run: string;
}

/** The fleet of a Pulumi project: its lock file, its stack, its release store and its clusters. */
export class RealFleet implements FleetWorld {
  readonly #options: FleetOptions;
  #sets: ReadonlyMap<string, SetState> = new Map();

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get store(): ReleaseStore {
    return this.#options.store;
  }

  /** The apps of the lock, and those that were rolled out from this store. */
  async apps(lock: FleetLock): Promise<readonly string[]> {
    const records = await this.store.listRecords(rolloutRecord(""));
    const names = records.map((name) => name.slice(rolloutRecord("").length));
    return [...new Set([...Object.keys(lock.releases), ...names])].sort();
  }

  readonly now = (): number => performance.now();

  readonly clock = (): number => Date.now();

  readonly readLock = (): Promise<FleetLock> => readLockFile(this.#options.lock);

  readonly writeLock = (lock: FleetLock): Promise<void> => writeLockFile(this.#options.lock, lock);

  readonly readRollout = async (app: string): Promise<Rollout | undefined> =>
    (await this.#options.store.readRecord(rolloutRecord(app))) as Rollout | undefined;

  readonly writeRollout = (rollout: Rollout): Promise<void> =>
    this.#options.store.writeRecord(rolloutRecord(rollout.app), rollout);

  readonly render = async (): Promise<ReadonlyMap<string, AppOffer>> => {
    // The program reads the lock. In a new fleet there is none yet, and what an older one runs must not go with its absence.
    await this.writeLock(withRunning(await this.readLock(), await this.readSets()));
    // What the program offers does not depend on what is on the clusters.
    const nobody = { [watchedVariable]: watchedValue([]) };
    await this.#pulumi(["preview"], { [runVariable]: this.#options.run, ...nobody });
    const { store } = this.#options;
    const names = await store.listRecords(offerRecord(""));
    const offers = await Promise.all(
      names.map(async (name) => [name.slice(offerRecord("").length), await store.readRecord(name)] as const),
    );
    return new Map(
      offers.flatMap(([app, offer]) =>
        isOffer(offer) && offer.run === this.#options.run ? [[app, offer] as const] : [],
      ),
    );
  };

  readonly update = async (app: string, touched?: readonly string[]): Promise<Update> => {
    const watched = touched === undefined ? {} : { [watchedVariable]: watchedValue(touched) };
    const refused = await this.#pulumi(
      ["up", "--yes", "--skip-preview", "--continue-on-error"],
      watched,
    ).then(
      () => undefined,
      (error: unknown) => {
        if (!KeelsonError.is(error) || error.code !== "KEELSON_COMMAND_FAILED") throw error;
        // Another run has the stack: that says nothing of the release.
        if (error.message.includes("stack is currently locked")) throw error;
        return error.message;
      },
    );
    await this.readSets();
    const lock = await this.readLock();
    return {
      of: (cluster) => this.#outcome(app, cluster, { wanted: lock.releases[app]?.[cluster], refused }),
    };
  };

  async verify(app: string, cluster: string, request: GateRequest): Promise<Verdict> {
    const { inputs } = this.#setOf(app, cluster);
    return this.onCluster(inputs.clusterId ?? "", (target) => waitAtGate(target, inputs.inventory, request));
  }

  /** What `pulumi preview` says with another lock in the program's place. */
  previewWith(lockPath: string): Promise<string> {
    return this.#pulumi(["preview"], { [lockVariable]: lockPath });
  }

  /** The sets of the stack, by `<cluster>/<app>`. */
  async readSets(): Promise<ReadonlyMap<string, SetState>> {
    this.#sets = setsIn(await this.#pulumi(["stack", "export"]));
    return this.#sets;
  }

  /** Works on a cluster that the release store knows how to reach. */
  async onCluster<Result>(
    clusterId: string,
    work: (target: TargetCluster) => Promise<Result>,
  ): Promise<Result> {
    const access = (await this.#options.store.readRecord(accessRecord(clusterId))) as
      | ClusterAccess
      | undefined;
    if (access === undefined) {
      throw new KeelsonError(
        "KEELSON_RELEASE_MISSING",
        `Cannot reach cluster "${clusterId}": the release store "${this.#options.store.place}" does not know how`,
      );
    }
    const client = await connectCluster(access.kubeconfig);
    try {
      return await work({ name: access.name, client });
    } finally {
      client.close();
    }
  }

  async #outcome(app: string, cluster: string, { wanted, refused }: Wanted): Promise<Outcome> {
    const set = this.#sets.get(`${cluster}/${app}`);
    if (wanted !== undefined) return outcomeOf(set, { wanted, refused });
    if (set === undefined) return { state: "gone" };
    if (await this.#isSilent(set)) return { state: "silent" };
    return { state: "failed", reason: refused ?? "it is still there" };
  }

  async #isSilent({ inputs }: SetState): Promise<boolean> {
    try {
      await this.onCluster(inputs.clusterId ?? "", ({ client }) =>
        client.find("/version", { timeoutMs: probeMs }),
      );
      return false;
    } catch (error) {
      return KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE";
    }
  }

  #setOf(app: string, cluster: string): SetState {
    const set = this.#sets.get(`${cluster}/${app}`);
    if (set !== undefined) return set;
    throw new KeelsonError(
      "KEELSON_INTERNAL",
      `Cannot look at "${app}" on "${cluster}": it is not in the stack`,
    );
  }

  #pulumi(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const { pulumi, stack } = this.#options;
    const words = stack === undefined ? [] : ["--stack", stack];
    return pulumi(variables).read([...args, "--non-interactive", ...words], { explain: true });
  }
}

/** The record of a release store that holds the last rollout of an app. */
export function rolloutRecord(app: string): string {
  return `rollouts/${app}`;
}

function isOffer(value: unknown): value is AppOffer {
  return typeof value === "object" && value !== null && (value as Partial<AppOffer>).version === 1;
}

/** What a cluster should have, and what Pulumi said if it failed. */
interface Wanted {
  readonly wanted: string | undefined;
  readonly refused: string | undefined;
}

function outcomeOf(set: SetState | undefined, { wanted, refused }: Wanted): Outcome {
  const { applied, version, pending = [], unfinished } = set?.outputs ?? {};
  if (unfinished !== undefined) return { state: "failed", reason: unfinished.reason ?? "it is not finished" };
  if (pending.length > 0) return { state: "silent" };
  return applied === wanted && version !== undefined
    ? { state: "applied", version }
    : { state: "failed", reason: refused ?? "it was not applied" };
}
