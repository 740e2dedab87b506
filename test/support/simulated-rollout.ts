import assert from "node:assert/strict";
import { emptyLock } from "../../clusters/lock/lock.ts";
import type { FleetLock } from "../../clusters/lock/lock.ts";
import { advanceRollout } from "../../clusters/waves/advance-rollout.ts";
import type { RolloutEvent } from "../../clusters/waves/advance-rollout.ts";
import { nextStep, withRollout } from "../../clusters/waves/next-step.ts";
import type { ExitCode, Step, Targets } from "../../clusters/waves/next-step.ts";
import type { Rollout } from "../../clusters/waves/rollout.ts";

/** What a cluster does when it is touched or looked at. */
export type Outcome = "fine" | "fails" | "silent";

/** Chances, drawn one after the other; all is fine when they have run out. */
export interface Chances {
  readonly outcomes: readonly Outcome[];
  /** On the way back. */
  readonly back: readonly Outcome[];
  /** Whether the driver is killed, asked at every point where it may be. */
  readonly kills: readonly boolean[];
}

class Killed extends Error {}

/** Clusters that run digests, and a driver that is killed and started again until the rollout stops. */
export class SimulatedRollout {
  /** What really runs, by cluster. */
  readonly world: Map<string, string | null>;
  /** Clusters whose new release was really seen to work. */
  readonly verified = new Set<string>();
  /** Every change of a cluster, in order. */
  readonly touches: { readonly cluster: string; readonly wave: number; readonly do: "advance" | "revert" }[] =
    [];
  lock: FleetLock = emptyLock;
  /** The last rollout that was saved, as bytes. */
  #saved: string;
  readonly #outcomes: Outcome[];
  readonly #back: Outcome[];
  readonly #kills: boolean[];
  readonly #onTouch: (cluster: string, rollout: Rollout) => void;

  constructor(
    rollout: Rollout,
    chances: Chances,
    onTouch: (cluster: string, rollout: Rollout) => void = () => {},
  ) {
    this.world = new Map(Object.entries(rollout.targets).map(([name, { from }]) => [name, from]));
    this.#saved = JSON.stringify(rollout);
    this.#outcomes = [...chances.outcomes];
    this.#back = [...chances.back];
    this.#kills = [...chances.kills];
    this.#onTouch = onTouch;
  }

  get rollout(): Rollout {
    return JSON.parse(this.#saved) as Rollout;
  }

  /** Tells an event from outside. */
  tell(event: RolloutEvent): void {
    this.#save(advanceRollout(this.rollout, event));
  }

  /** Runs the driver until the rollout stops, again after every kill. */
  run(): ExitCode {
    for (let starts = 0; starts < 1000; starts += 1) {
      try {
        return this.#drive();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    }
    return assert.fail("the rollout never stops");
  }

  #drive(): ExitCode {
    for (let steps = 0; steps < 1000; steps += 1) {
      const step = nextStep(this.rollout);
      if (step.do === "stop") return step.exitCode;
      this.#take(step);
    }
    return assert.fail("the driver never ends");
  }

  #take(step: Exclude<Step, { do: "stop" }>): void {
    this.#mayBeKilled();
    switch (step.do) {
      case "approve":
        this.tell({ type: "approved", wave: step.wave });
        break;
      case "open":
        this.tell({ type: "opened", wave: step.wave });
        break;
      case "advance":
        this.#update("advance", step.wave, step.releases);
        break;
      case "revert":
        this.#update("revert", step.wave, step.releases);
        break;
      case "verify":
        for (const cluster of step.clusters) this.#verify(cluster);
    }
  }

  #update(kind: "advance" | "revert", wave: number, releases: Targets): void {
    const clusters = Object.keys(releases);
    assert.ok(clusters.length > 0, "a step must have something to do");
    this.tell({ type: kind === "advance" ? "touching" : "reverting", clusters });
    this.#mayBeKilled();
    for (const [cluster, digest] of Object.entries(releases)) {
      const outcome = this.#outcome();
      if (outcome !== "silent") {
        this.#onTouch(cluster, this.rollout);
        this.touches.push({ cluster, wave, do: kind });
        // A failure may have changed the cluster or not.
        if (outcome === "fine" || this.#outcome() === "fine") this.world.set(cluster, digest);
        this.verified.delete(cluster);
      }
      this.#mayBeKilled();
      this.#report(cluster, outcome, kind === "advance" ? "applied" : "reverted");
    }
  }

  #verify(cluster: string): void {
    const outcome = this.#outcome();
    const { to } = this.rollout.targets[cluster]!;
    if (outcome === "fine") {
      assert.equal(this.world.get(cluster), to, "only the new release can be verified");
      this.verified.add(cluster);
    }
    this.#mayBeKilled();
    this.#report(cluster, outcome, "verified");
  }

  #report(cluster: string, outcome: Outcome, fine: "applied" | "reverted" | "verified"): void {
    if (outcome === "fails") this.tell({ type: "failed", cluster, reason: "it is broken" });
    else this.tell({ type: outcome === "silent" ? "silent" : fine, cluster });
  }

  #save(rollout: Rollout): void {
    this.#saved = JSON.stringify(rollout);
    this.lock = withRollout(this.lock, rollout);
  }

  #outcome(): Outcome {
    const drawn = this.rollout.phase === "backward" ? this.#back : this.#outcomes;
    return drawn.shift() ?? "fine";
  }

  #mayBeKilled(): void {
    if (this.#kills.shift() === true) throw new Killed();
  }
}
