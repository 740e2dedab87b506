import type { Cluster } from "../clusters/cluster.ts";
import { throwIfAborted } from "../errors.ts";
import { applyObjects } from "../kube/apply.ts";
import type { KubeClient } from "../kube/client.ts";
import { nameOf } from "../kube/object.ts";
import type { KubeObject } from "../kube/object.ts";
import { waitFor } from "../remote/wait.ts";
import { openClient } from "./api.ts";
import type { ApplyClusterServices, Operation, PendingWork } from "./operation.ts";
import { listPending } from "./pending.ts";
import { marked } from "./services/drift.ts";
import { closedGates, diagnoseGates, restartCrashed } from "./services/gate.ts";
import { clusterServicesOf } from "./services/index.ts";
import { withLivingEndpoint } from "./services/living-endpoint.ts";
import type { Service } from "./services/object.ts";
import { readStates } from "./services/states.ts";

type Request = Parameters<ApplyClusterServices>[1];

/** Brings pod network, kube-proxy and CoreDNS to the wanted state and waits until they run on the nodes there are. */
export const applyClusterServices: ApplyClusterServices = async (operation, { cluster, access }) => {
  if (access.kubeconfig === "") {
    for (const { title } of await servicesOf(operation, cluster)) {
      operation.onIntent({ host: cluster.name, what: `install ${title}` });
    }
    return;
  }
  const client = await openClient(operation, access);
  try {
    const living = await withLivingEndpoint(client, cluster, operation.signal);
    await moveClusterServices(operation, client, living);
  } finally {
    client.close();
  }
};

/** The same through a client, and the services find the API by the cluster's endpoint even if they used another one. */
export async function moveClusterServices(
  operation: Operation,
  client: KubeClient,
  cluster: Cluster,
): Promise<void> {
  const plans = await plan(client, await servicesOf(operation, cluster), operation.signal);
  for (const { intent } of plans) operation.onIntent({ host: cluster.name, what: intent });
  if (operation.preview || plans.length === 0) return;
  await carryOut(operation, client, { plans, name: cluster.name });
}

/** Applies them without waiting: they start on each node as it comes. */
export async function beginClusterServices(
  operation: Operation,
  client: KubeClient,
  cluster: Cluster,
): Promise<void> {
  const all = await plan(client, await servicesOf(operation, cluster), operation.signal);
  const plans = all.filter(({ changed }) => changed.length > 0);
  for (const { intent } of plans) operation.onIntent({ host: cluster.name, what: intent });
  await applyAll(operation, client, { plans, name: cluster.name });
}

async function servicesOf(operation: Operation, cluster: Cluster): Promise<readonly Service[]> {
  const bundle = await operation.bundle(cluster.kubernetes);
  return clusterServicesOf(cluster, bundle).map((service) => ({
    ...service,
    objects: service.objects.map(marked),
  }));
}

/** What an apply would change now; undefined if the API does not answer. */
export const pendingClusterServices = (operation: Operation, request: Request): Promise<PendingWork> =>
  listPending(operation, request.cluster.name, (quiet) => applyClusterServices(quiet, request));

interface ServicePlan {
  readonly intent: string;
  readonly service: Service;
  readonly changed: readonly KubeObject[];
}

async function plan(
  client: KubeClient,
  services: readonly Service[],
  signal: AbortSignal,
): Promise<readonly ServicePlan[]> {
  const stateOf = await readStates(
    client,
    services.flatMap(({ objects }) => objects),
    signal,
  );
  const plans = await Promise.all(
    services.map(async (service): Promise<readonly ServicePlan[]> => {
      const { title, objects, gates } = service;
      const changed = objects.filter((object) => stateOf(object) !== "same");
      if (objects.every((object) => stateOf(object) === "missing")) {
        return [{ intent: `install ${title}`, service, changed }];
      }
      if (changed.length > 0) {
        return [{ intent: `change ${title}: ${changed.map(nameOf).join(", ")}`, service, changed }];
      }
      const closed = await closedGates(client, gates, signal);
      return closed.length === 0 ? [] : [{ intent: `wait until ${title} runs`, service, changed }];
    }),
  );
  return plans.flat();
}

interface Work {
  readonly plans: readonly ServicePlan[];
  /** The cluster's. */
  readonly name: string;
}

/** All is applied before anything is waited for: the services start side by side. */
async function carryOut(operation: Operation, client: KubeClient, { plans, name }: Work): Promise<void> {
  const { signal, log } = operation;
  await applyAll(operation, client, { plans, name });
  await restartCrashed(client, signal);
  const gates = plans.flatMap(({ service }) => service.gates);
  await waitFor({
    what: `the services of cluster "${name}" to run`,
    deadlineMs: 240_000,
    longestPauseMs: 500,
    signal,
    probe: async () => ((await closedGates(client, gates, signal)).length === 0 ? true : undefined),
    diagnose: () => diagnoseGates(client, gates, signal),
    onWaiting: (why) => {
      log(name, why);
    },
  });
}

async function applyAll(operation: Operation, client: KubeClient, { plans, name }: Work): Promise<void> {
  const { signal } = operation;
  for (const { service, changed } of plans) {
    throwIfAborted(signal, `install ${service.title}`);
    operation.onPhase?.(name, service.title);
    await applyObjects(client, changed, { fieldManager: "keelson", signal });
  }
}
