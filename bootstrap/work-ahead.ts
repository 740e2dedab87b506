import { KeelsonError } from "../errors.ts";
import { parallel } from "../remote/parallel.ts";
import { beginClusterServices } from "./cluster-services.ts";
import type { Operation } from "./operation.ts";
import type { Plane } from "./plane.ts";
import { prepareWorker } from "./worker.ts";

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
  readonly #work: Promise<PromiseSettledResult<unknown>[]>[] = [];

  constructor(plane: Plane) {
    const { operation } = plane;
    this.#plane = plane;
    this.#operation = { ...operation, signal: AbortSignal.any([operation.signal, this.#stop.signal]) };
  }

  /** Takes the workers as far as they get without a cluster. */
  beginWorkers(): void {
    const { cluster, identity, ahead = [] } = this.#plane.request;
    const { clusterId, ca } = identity;
    const options = {
      what: "prepare the workers",
      where: ({ name }: { name: string }) => name,
      limit: widest,
      signal: this.#operation.signal,
    };
    this.#begin(
      parallel(ahead, options, (host) =>
        prepareWorker(this.#operation, { cluster, clusterId, caCertificate: ca.certificate, host }),
      ),
    );
  }

  /** Applies the cluster's services, which start on each node as it comes. */
  beginServices(): void {
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
    await Promise.all(this.#work);
  }

  /** Settled: what fails meanwhile is heard of at the end. */
  #begin(work: Promise<unknown>): void {
    this.#work.push(Promise.allSettled([work]));
  }
}
