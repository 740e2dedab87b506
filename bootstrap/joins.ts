import { waitForVote } from "./etcd/wait-for-vote.ts";
import type { Joining } from "./etcd/wait-for-vote.ts";
import type { Seat } from "./etcd/membership.ts";
import { controlPlaneJoinPlan } from "./plan.ts";
import type { Plane, PlaneHost } from "./plane.ts";
import { runPlan } from "./run-plan.ts";

/**
 * Joins of control-plane hosts. The members of etcd change one by one, and what follows on a host, its API server above
 * all, needs the next one not to wait.
 */
export class Joins {
  readonly #plane: Plane;
  readonly #running: Promise<unknown>[] = [];
  #hasFailed = false;

  constructor(plane: Plane) {
    this.#plane = plane;
  }

  /**
   * Resolves when the host votes, or is done.
   *
   * @param seats - Who can be asked about etcd meanwhile.
   * @throws what the join throws, or one before it threw meanwhile
   */
  async begin({ runner, target }: PlaneHost, seat: Seat, seats: readonly Seat[]): Promise<void> {
    if (this.#hasFailed) await this.end();
    const whole = runPlan(this.#plane.operation, target, controlPlaneJoinPlan);
    this.#running.push(whole);
    whole.catch(() => {
      this.#hasFailed = true;
    });
    if (runner) await Promise.race([whole, this.#vote({ seat, runner }, seats, whole)]);
    else await whole;
  }

  /**
   * Resolves when all that began are done.
   *
   * @throws what the first one of them throws that fails, when none runs any more
   */
  async end(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#running.splice(0));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** Whoever cannot tell that a host votes lets the next one wait until the join is done. */
  async #vote(joining: Joining, seats: readonly Seat[], whole: Promise<unknown>): Promise<unknown> {
    const over = new AbortController();
    const end = (): void => {
      over.abort();
    };
    whole.then(end, end);
    const signal = AbortSignal.any([this.#plane.operation.signal, over.signal]);
    return waitForVote(this.#plane, joining, { seats, signal }).catch(() => whole);
  }
}
