import { advanceRollout, type RolloutEvent } from "../../clusters/waves/advance-rollout.ts";
import {
  type ExitCode,
  nextStep,
  type Step,
  type Targets,
  withRollout,
} from "../../clusters/waves/next-step.ts";
import type { Rollout } from "../../clusters/waves/rollout.ts";
import { isOpen, type MaintenanceWindow, nextOpening } from "../../clusters/waves/windows.ts";
import { throwIfAborted } from "../../errors.ts";
import { parallel } from "../../remote/parallel.ts";
import type { FleetEvent } from "./events.ts";
import type { FleetWorld, Outcome, Verdict } from "./world.ts";

/** How many clusters are looked at at once. */
const watched = 32;

export interface DriveOptions {
  /** Whether whoever runs the command agrees to the wave that waits for it. @default false */
  readonly approve?: boolean;
  /** Whether waves begin outside of their windows. @default false */
  readonly ignoreWindows?: boolean;
  readonly onEvent?: (event: FleetEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * Takes a rollout to its end, or to a wave that waits for approval or for its window. It is saved before and after every step, so a
 * driver that was killed goes on where it was.
 *
 * @throws KeelsonError KEELSON_ABORTED; whatever stands in the way of the lock, the store or Pulumi
 */
export async function drive(
  world: FleetWorld,
  rollout: Rollout,
  options: DriveOptions = {},
): Promise<ExitCode> {
  return new Driver(world, rollout, options).run();
}

class Driver {
  readonly #world: FleetWorld;
  readonly #options: DriveOptions;
  /** What the objects of clusters say since they were applied in this run. */
  readonly #versions = new Map<string, string>();
  #rollout: Rollout;
  #wave = -1;
  #waveBegan = 0;
  #mayApprove: boolean;
  #saved: Promise<void> = Promise.resolve();
  /** The save that has not begun yet. */
  #nextSave: Promise<void> | undefined;

  constructor(world: FleetWorld, rollout: Rollout, options: DriveOptions) {
    this.#world = world;
    this.#rollout = rollout;
    this.#options = options;
    this.#mayApprove = options.approve === true;
  }

  async run(): Promise<ExitCode> {
    const { app } = this.#rollout;
    await this.#save();
    for (;;) {
      throwIfAborted(this.#options.signal, `roll out "${app}"`);
      const step = nextStep(this.#rollout);
      const exitCode = step.do === "stop" ? step.exitCode : await this.#take(step);
      if (exitCode === undefined) continue;
      const { reason } = this.#rollout;
      this.#emit({ type: "ends", app, exitCode, ...(reason !== undefined && exitCode !== 0 && { reason }) });
      return exitCode;
    }
  }

  /** Takes one step; an exit code if the run ends with it. */
  async #take(step: Exclude<Step, { do: "stop" }>): Promise<ExitCode | undefined> {
    if (step.wave !== this.#wave) {
      this.#wave = step.wave;
      this.#waveBegan = this.#world.now();
    }
    if (step.do === "approve") return this.#approve(step.wave);
    if (step.do === "open") return this.#open(step.wave, step.windows);
    const clusters = step.do === "verify" ? step.clusters : Object.keys(step.releases);
    this.#emit({ type: "wave", app: this.#rollout.app, wave: this.#waveName(), do: step.do, clusters });
    if (step.do === "verify") await this.#verify(step.clusters);
    else await this.#update(step.do, step.releases);
    return undefined;
  }

  async #approve(wave: number): Promise<ExitCode | undefined> {
    if (!this.#mayApprove) {
      this.#emit({ type: "approval", app: this.#rollout.app, wave: this.#waveName() });
      return 2;
    }
    // One agreement is for one wave.
    this.#mayApprove = false;
    await this.#tell({ type: "approved", wave });
    return undefined;
  }

  async #open(wave: number, windows: readonly MaintenanceWindow[]): Promise<ExitCode | undefined> {
    const at = this.#world.clock();
    const [isNow, ignored] = [isOpen(windows, at), this.#options.ignoreWindows === true];
    if (!isNow) {
      const opens = nextOpening(windows, at);
      this.#emit({
        type: "window",
        app: this.#rollout.app,
        wave: this.#waveName(),
        ignored,
        ...(opens !== undefined && { opens: new Date(opens).toISOString() }),
      });
      // Nothing is wrong: clusters wait for their release.
      if (!ignored) return 4;
    }
    await this.#tell({ type: "opened", wave });
    return undefined;
  }

  async #update(kind: "advance" | "revert", releases: Targets): Promise<void> {
    const clusters = Object.keys(releases);
    await this.#tell({ type: kind === "advance" ? "touching" : "reverting", clusters });
    const update = await this.#world.update(this.#rollout.app, clusters);
    const outcomes = await parallel(clusters, this.#looking("look at"), async (cluster) => ({
      cluster,
      outcome: await update.of(cluster),
    }));
    await Promise.all(outcomes.map(({ cluster, outcome }) => this.#report(kind, cluster, outcome)));
  }

  async #report(kind: "advance" | "revert", cluster: string, outcome: Outcome): Promise<void> {
    if (outcome.state === "failed") {
      await this.#tell({ type: "failed", cluster, reason: outcome.reason });
    } else if (outcome.state === "silent") await this.#tell({ type: "silent", cluster });
    else {
      if (outcome.state === "applied") this.#versions.set(cluster, outcome.version);
      await this.#tell({ type: kind === "advance" ? "applied" : "reverted", cluster });
    }
  }

  async #verify(clusters: readonly string[]): Promise<void> {
    await this.#learnVersions(clusters);
    const decided = new AbortController();
    await parallel(clusters, this.#looking("wait for"), async (cluster) => {
      const verdict = await this.#verdictOn(cluster, decided.signal);
      if (verdict === undefined) return;
      if (verdict.state === "failed") await this.#tell({ type: "failed", cluster, reason: verdict.reason });
      else await this.#tell({ type: verdict.state, cluster });
      // Once the release goes back nobody needs to wait for the rest of the wave.
      if (this.#rollout.phase !== "forward") decided.abort();
    });
  }

  async #verdictOn(cluster: string, decided: AbortSignal): Promise<Verdict | undefined> {
    const version = this.#versions.get(cluster);
    // Where the app was taken away there is nothing to be healthy.
    if (version === undefined) return { state: "verified" };
    const { signal = decided } = this.#options;
    const { app, rules } = this.#rollout;
    try {
      return await this.#world.verify(app, cluster, {
        version,
        deadlineMs: this.#left(),
        soakMs: (rules.soakSeconds ?? 0) * 1000,
        http: rules.http ?? [],
        prometheus: rules.prometheus ?? [],
        signal: AbortSignal.any([signal, decided]),
      });
    } catch (error) {
      if (decided.aborted) return undefined;
      throw error;
    }
  }

  /** A driver that goes on has not seen what was applied before. */
  async #learnVersions(clusters: readonly string[]): Promise<void> {
    if (clusters.every((cluster) => this.#isKnown(cluster))) return;
    const update = await this.#world.update(this.#rollout.app, clusters);
    for (const cluster of clusters.filter((name) => !this.#isKnown(name))) {
      const outcome = await update.of(cluster);
      if (outcome.state === "applied") this.#versions.set(cluster, outcome.version);
      else if (outcome.state !== "gone") await this.#report("advance", cluster, outcome);
    }
  }

  #isKnown(cluster: string): boolean {
    return this.#versions.has(cluster) || this.#rollout.targets[cluster]?.to === null;
  }

  #looking(verb: string): Parameters<typeof parallel<string, unknown>>[1] {
    const { signal } = this.#options;
    const what = `${verb} the clusters of "${this.#rollout.app}"`;
    return { what, where: (cluster) => cluster, limit: watched, ...(signal && { signal }) };
  }

  #left(): number {
    const spent = this.#world.now() - this.#waveBegan;
    return Math.max(this.#rollout.rules.deadlineSeconds * 1000 - spent, 0);
  }

  #waveName(): string {
    return this.#rollout.waves[this.#wave]?.name ?? "";
  }

  async #tell(event: RolloutEvent): Promise<void> {
    const before = this.#rollout;
    this.#rollout = advanceRollout(before, event);
    for (const [cluster, { state }] of Object.entries(this.#rollout.targets)) {
      if (state === before.targets[cluster]?.state) continue;
      const reason = event.type === "failed" && event.cluster === cluster ? event.reason : undefined;
      this.#emit({
        type: "cluster",
        app: before.app,
        cluster,
        state,
        ...(reason !== undefined && { reason }),
      });
    }
    if (this.#rollout !== before) await this.#save();
  }

  /** One after the other, so that the newest state is the one that stays; what changes meanwhile is saved together. */
  #save(): Promise<void> {
    this.#nextSave ??= this.#saved.then(() => {
      this.#nextSave = undefined;
      return this.#write(this.#rollout);
    });
    this.#saved = this.#nextSave;
    return this.#saved;
  }

  /** The rollout first: the lock follows from it. */
  async #write(rollout: Rollout): Promise<void> {
    await this.#world.writeRollout(rollout);
    await this.#world.writeLock(withRollout(await this.#world.readLock(), rollout));
  }

  #emit(event: FleetEvent): void {
    this.#options.onEvent?.(event);
  }
}
