import { KeelsonError, throwIfAborted } from "../errors.ts";
import { Limiter } from "../remote/limiter.ts";
import { beginClusterServices } from "./cluster-services.ts";
import type { Operation, ReachableHost } from "./operation.ts";
import type { Plane } from "./plane.ts";
import { joinWorker, prepareWorker } from "./worker.ts";

/** Workers are worked on at once: as many as the engine of Pulumi would. */
const widest = 16;

/**
 * What follows the control plane of a cluster that begins, and can be done while kubeadm and etcd are waited for. What goes
 * wrong here is left to its own turn, which says so.
 */
export class WorkAhead {
  readonly #plane: Plane;
  readonly #operation: Operation;
  readonly #stop = new AbortController();
  readonly #places = new Limiter(widest);
  readonly #work: Promise<PromiseSettledResult<unknown>[]>[] = [];
  /** Settles when an API server is ready, or nobody waits for one any more. */
  readonly #served = Promise.withResolvers<undefined>();

  constructor(plane: Plane) {
    const { operation } = plane;
    this.#plane = plane;
    this.#operation = { ...operation, signal: AbortSignal.any([operation.signal, this.#stop.signal]) };
  }

  /** Takes the workers as far as they get without a cluster, and lets them join as soon as there is one. */
  beginWorkers(): void {
    for (const host of this.#plane.request.ahead ?? []) this.#begin(this.#bringUp(host));
  }

  /** Applies the cluster's services, which start on each node as it comes. */
  beginServices(): void {
    this.#served.resolve(undefined);
    const { client, request } = this.#plane;
    if (request.ahead) this.#begin(beginClusterServices(this.#operation, client, request.cluster));
  }

  /** Resolves when nothing runs any more. */
  async end(): Promise<void> {
    for (const outcome of (await Promise.all(this.#work)).flat()) {
      if (outcome.status === "fulfilled") continue;
      if (!KeelsonError.is(outcome.reason)) throw outcome.reason;
      this.#operation.log(this.#plane.request.cluster.name, outcome.reason.message);
    }
  }

  /** Ends what runs: the control plane failed. */
  async giveUp(): Promise<void> {
    this.#stop.abort();
    this.#served.resolve(undefined);
    await Promise.all(this.#work);
  }

  async #bringUp(host: ReachableHost): Promise<void> {
    const { cluster, identity } = this.#plane.request;
    const { clusterId, ca } = identity;
    const request = { cluster, clusterId, caCertificate: ca.certificate, host };
    await this.#inTurn(() => prepareWorker(this.#operation, request));
    await this.#served.promise;
    await this.#inTurn(() => joinWorker(this.#operation, request, this.#plane.api));
  }

  /** Whoever waits for an API server keeps nobody from being prepared. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const leave = await this.#places.enter();
    try {
      throwIfAborted(this.#operation.signal, "work ahead on the workers");
      await work();
    } finally {
      leave();
    }
  }

  /** Settled: what fails meanwhile is heard of at the end. */
  #begin(work: Promise<unknown>): void {
    this.#work.push(Promise.allSettled([work]));
  }
}
