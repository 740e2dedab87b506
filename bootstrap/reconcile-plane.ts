import { parallel } from "../remote/parallel.ts";
import { careForEtcd } from "./etcd/care-for-plane.ts";
import { changeMembers, foreseeMembership, previewMembers } from "./change-members.ts";
import type { Operation } from "./operation.ts";
import type { Plane, PlaneHost, PlaneView } from "./plane.ts";
import { images } from "./phases/images.ts";
import { initialize } from "./phases/initialize.ts";
import { HeadStart } from "./head-start.ts";
import { controlPlanePlan, preparationPlan, servingPlan } from "./plan.ts";
import { recordNames } from "./record-names.ts";
import { plannedChanges, runPlan } from "./run-plan.ts";
import type { PlanTarget, Step } from "./run-plan.ts";
import { heldState } from "./seat-state.ts";
import { WorkAhead } from "./work-ahead.ts";

/** Hosts that hold nothing yet, or no living API, are worked on at once: as many as a control plane may have. */
const widest = 5;

/**
 * Brings a control plane, as it was found, to the wanted state, or lists what that would change.
 *
 * @returns what could not be tidied of hosts that left, in words
 * @throws KeelsonError KEELSON_QUORUM_LOST, and KEELSON_HOST_UNREACHABLE at the end if a host was silent
 */
export async function reconcilePlane(plane: Plane): Promise<readonly string[]> {
  const left = await (plane.operation.preview ? preview(plane) : changeAll(plane));
  const silent = plane.hosts.find(({ view }) => view === undefined);
  if (silent) throw silent.silence;
  return left;
}

async function preview(plane: Plane): Promise<readonly string[]> {
  // Both ask etcd; what they find is told in this order.
  const membership = foreseeMembership(plane);
  membership.catch(() => undefined);
  await careForEtcd(plane);
  if (plane.answers) await recordNames(plane);
  return previewMembers(plane, await membership);
}

async function changeAll(plane: Plane): Promise<readonly string[]> {
  const ahead = new WorkAhead(plane);
  try {
    const left = await change(plane, ahead);
    await ahead.end();
    return left;
  } catch (error) {
    await ahead.giveUp();
    throw error;
  }
}

async function change(plane: Plane, ahead: WorkAhead): Promise<readonly string[]> {
  const { operation, begin, answers } = plane;
  const living = plane.hosts.filter((each) => stateOf(plane, each) === "whole");
  const drifted = living.filter(hasDrifted);
  // A cluster that serves keeps serving; one that does not needs all of its hosts to begin.
  if (answers) await oneByOne(plane, drifted, servingPlan);
  else await onHosts(plane, drifted, widest, ({ target }) => runPlan(operation, target, preparationPlan));
  const fresh = plane.hosts.filter((each) => each.host.name === begin || stateOf(plane, each) === "blank");
  await prepareAll(plane, fresh, ahead);
  await careForEtcd(plane);
  const left = await changeMembers(plane);
  await oneByOne(plane, drifted, controlPlanePlan);
  if (answers || drifted.length > 0) await recordNames(plane);
  return left;
}

/** Prepares hosts side by side; the one that begins the cluster goes first and is made whole. */
async function prepareAll(plane: Plane, hosts: readonly PlaneHost[], ahead: WorkAhead): Promise<void> {
  const { operation, begin } = plane;
  const headStart = new HeadStart();
  if (begin === undefined) headStart.end();
  // The hosts of the control plane come first on the way from the mirror: workers wait until all of them are through.
  let onTheWay = hosts.length;
  const through = (): void => {
    onTheWay -= 1;
    if (onTheWay === 0 && begin !== undefined) ahead.beginWorkers();
  };
  await onHosts(plane, hosts, widest, async ({ host, target }) => {
    if (host.name === begin) {
      const supplied = (): void => {
        headStart.end();
        through();
      };
      await beginCluster(operation, target, supplied).finally(() => {
        headStart.end();
      });
      ahead.beginServices();
    } else {
      await headStart.wait(operation.signal);
      await runPlan(operation, target, preparationPlan);
      through();
    }
  });
}

/** Makes the first control plane; tells once when it has all that comes from the mirror. */
async function beginCluster(
  operation: Operation,
  target: PlanTarget<PlaneView>,
  supplied: () => void,
): Promise<void> {
  let isSupplied = false;
  const onPhase = (host: string, title: string): void => {
    operation.onPhase?.(host, title);
    // A host that has its images already goes on with kubeadm.
    if (isSupplied || (title !== images.title && title !== initialize.title)) return;
    isSupplied = true;
    supplied();
  };
  await runPlan({ ...operation, onPhase }, target, controlPlanePlan);
}

/** Hosts are changed one by one, and what fails on one never gets to the next. */
async function oneByOne(
  { operation }: Plane,
  hosts: readonly PlaneHost[],
  steps: readonly Step<PlaneView>[],
): Promise<void> {
  for (const { target } of hosts) await runPlan(operation, target, steps);
}

function onHosts(
  { operation: { signal }, request }: Plane,
  hosts: readonly PlaneHost[],
  limit: number,
  work: (host: PlaneHost) => Promise<unknown>,
): Promise<unknown> {
  const what = `change the control plane of cluster "${request.cluster.name}"`;
  return parallel(hosts, { what, where: ({ host }) => host.name, limit, signal }, work);
}

function stateOf({ request }: Plane, { view }: PlaneHost): string {
  return view === undefined ? "silent" : heldState(view.facts, request.identity.clusterId);
}

function hasDrifted({ view }: PlaneHost): boolean {
  return view !== undefined && plannedChanges(controlPlanePlan, view).length > 0;
}
