import { KeelsonError } from "../errors.ts";
import { waitFor } from "../remote/wait.ts";
import { clearIntent, clearRemains } from "./clear-remains.ts";
import { removeMember } from "./etcd/etcdctl.ts";
import type { Leaver, Membership } from "./etcd/membership.ts";
import { describeVotes } from "./etcd/describe-votes.ts";
import { after, nextStep } from "./etcd/next-step.ts";
import type { EtcdStep } from "./etcd/next-step.ts";
import { askMembers, speakers, waitForQuorum } from "./etcd/wait-for-quorum.ts";
import { blankFacts } from "./facts/blank.ts";
import { Joins } from "./joins.ts";
import { leaveIntents, leavePlane } from "./leave-plane.ts";
import { seatsOf } from "./plane.ts";
import type { Plane, PlaneHost, PlaneView } from "./plane.ts";
import { controlPlaneJoinPlan, controlPlanePlan } from "./plan.ts";
import { recordNames } from "./record-names.ts";
import { runPlan } from "./run-plan.ts";

/** After a power cut of all hosts the API servers come back some time after etcd. */
const apiDeadlineMs = 180_000;

/**
 * Brings the members of etcd and the declared hosts together, one member at a time, each step judged anew on what etcd
 * says then.
 *
 * @returns what could not be tidied of hosts that left, in words
 * @throws KeelsonError KEELSON_QUORUM_LOST; KEELSON_TIMEOUT if no quorum comes up
 */
export async function changeMembers(plane: Plane): Promise<readonly string[]> {
  const joins = new Joins(plane);
  try {
    return await stepByStep(plane, joins);
  } finally {
    await joins.end();
  }
}

async function stepByStep(plane: Plane, joins: Joins): Promise<readonly string[]> {
  const left: string[] = [];
  const done = new Set<string>();
  let membership = await readMembership(plane);
  if (nextStep(membership) !== undefined) {
    await waitForApi(plane);
    await recordNames(plane);
  }
  for (let step = nextStep(membership); step; step = nextStep(membership)) {
    const label = `${step.kind} ${subjectOf(step)}`;
    if (done.has(label)) {
      throw new KeelsonError(
        "KEELSON_COMMAND_FAILED",
        `Cannot finish etcd's members: "${label}" had no effect`,
      );
    }
    done.add(label);
    // Others come while a host's API server starts; whoever goes, goes when all are there.
    if (step.kind !== "join") await joins.end();
    tellVotes(plane, membership, step);
    left.push(...(await carryOut(plane, membership, { step, joins })));
    const next = after(membership, step);
    membership = { ...next, members: await waitForQuorum(plane, next.seats) };
  }
  return left;
}

/** Lists, host by host, what a change would do to what `foreseeMembership` found, and touches nothing. */
export async function previewMembers(
  plane: Plane,
  found: Membership | undefined,
): Promise<readonly string[]> {
  const { operation, hosts } = plane;
  const predicted = predict(found);
  const steps = predicted.map(({ step }) => step);
  for (const { membership, step } of predicted) tellVotes(plane, membership, step);
  for (const { host, target, view } of hosts) {
    if (view === undefined) continue;
    const own = steps.filter((step) => "seat" in step && step.seat?.name === host.name);
    for (const { kind } of own) {
      if (kind === "remove") operation.onIntent({ host: host.name, what: staleIntent });
      if (kind === "clear") operation.onIntent({ host: host.name, what: clearIntent });
    }
    const joins = own.some(({ kind }) => kind === "join");
    const look = (): Promise<PlaneView> => Promise.resolve(joins ? cleared(view) : view);
    await runPlan(operation, { ...target, look }, joins ? controlPlaneJoinPlan : controlPlanePlan);
  }
  for (const step of steps) {
    if (step.kind === "leave") await leaveIntents(plane, step);
    if (step.kind === "remove" && !step.seat)
      operation.onIntent({ host: subjectOf(step), what: staleIntent });
  }
  return [];
}

const staleIntent = "remove its stale member from etcd";

interface Prediction {
  readonly step: EtcdStep;
  /** Before the step. */
  readonly membership: Membership;
}

function predict(found: Membership | undefined): readonly Prediction[] {
  const predicted: Prediction[] = [];
  if (found === undefined) return predicted;
  let membership = found;
  for (let step = nextStep(membership); step; step = nextStep(membership)) {
    predicted.push({ step, membership });
    membership = after(membership, step);
  }
  return predicted;
}

/** Whoever reads a preview, or watches a run, sees before each step how many failures are survived after it. */
function tellVotes({ operation }: Plane, membership: Membership, step: EtcdStep): void {
  const what = describeVotes(membership, step);
  if (what !== undefined) operation.onIntent({ host: hostNameOf(step), what });
}

function hostNameOf(step: EtcdStep): string {
  if (step.kind === "leave") return step.leaver.name;
  return step.seat?.name ?? subjectOf(step);
}

/** The first member alone, if the cluster is yet to be made; undefined if etcd is down: then nothing is known. */
export async function foreseeMembership(plane: Plane): Promise<Membership | undefined> {
  const seats = seatsOf(plane);
  const first = seats.find(({ name }) => name === plane.begin);
  if (first) {
    const { nodeName: name, address } = first;
    return { seats, leavers: [], members: [{ id: "", name, address, isLearner: false, isHealthy: true }] };
  }
  const list = await askMembers(plane, seats);
  return list?.isConfirmed === true ? withLeavers(plane, { seats, members: list.members }) : undefined;
}

async function readMembership(plane: Plane): Promise<Membership> {
  const seats = seatsOf(plane);
  return withLeavers(plane, { seats, members: await waitForQuorum(plane, seats) });
}

/** Who leaves: hosts that were declared before, and members that nobody declares any more. */
function withLeavers({ request }: Plane, { seats, members }: Omit<Membership, "leavers">): Membership {
  const isDeclared = ({ address }: { address: string }): boolean =>
    seats.some((seat) => seat.address === address);
  const removed = (request.removed ?? []).map(({ name, nodeName, nodeAddress }) => ({
    name,
    nodeName,
    address: nodeAddress,
  }));
  const strangers = members
    .filter(({ isLearner, address }) => !isLearner && removed.every((each) => each.address !== address))
    .map(({ name, address }): Leaver => ({ name: name || address, nodeName: name, address }));
  const leavers = [...removed, ...strangers].filter((leaver) => !isDeclared(leaver));
  return { seats, members, leavers };
}

/** Who comes and who goes has a Node: without an API that answers no step begins. */
async function waitForApi({ operation, request, client, answers, begin }: Plane): Promise<void> {
  if (answers || begin !== undefined) return;
  const { signal } = operation;
  await waitFor({
    what: `an API server of cluster "${request.cluster.name}" to be ready`,
    deadlineMs: apiDeadlineMs,
    signal,
    probe: () => client.request({ path: "/readyz", signal, timeoutMs: 5000 }).then(() => true, ignoreRefusal),
    onWaiting: (why) => {
      operation.log(request.cluster.name, why);
    },
  });
}

/** A server that is not ready yet says so. */
function ignoreRefusal(error: unknown): undefined {
  if (!KeelsonError.is(error) || error.code !== "KEELSON_API_REFUSED") throw error;
}

interface Due {
  readonly step: EtcdStep;
  readonly joins: Joins;
}

async function carryOut(
  plane: Plane,
  membership: Membership,
  { step, joins }: Due,
): Promise<readonly string[]> {
  const { operation } = plane;
  if (step.kind === "leave") {
    const survivor = survivorOf(plane, membership, step.member?.address);
    return leavePlane(plane, step, survivor);
  }
  if (step.kind === "remove") {
    operation.onIntent({ host: hostNameOf(step), what: staleIntent });
    const survivor = survivorOf(plane, membership, step.member.address);
    await removeMember(survivor, step.member.id, operation.signal);
    return [];
  }
  const host = hostOf(plane, step.seat.name);
  if (step.kind === "clear" && host.runner) await clearRemains(plane, host, host.runner);
  if (step.kind === "join") await joins.begin(host, step.seat, membership.seats);
  return [];
}

/** A healthy member other than the one that goes, on a whole host if there is one: what it says afterwards is true. */
function survivorOf(
  plane: Plane,
  { seats, members }: Membership,
  address: string | undefined,
): NonNullable<PlaneHost["runner"]> {
  const healthy = new Set(members.filter(({ isHealthy }) => isHealthy).map((member) => member.address));
  for (const { host, runner } of speakers(plane, seats)) {
    if (host.nodeAddress !== address && healthy.has(host.nodeAddress)) return runner;
  }
  throw new KeelsonError(
    "KEELSON_QUORUM_LOST",
    `Cannot change the members of etcd: no declared host but "${address ?? ""}" is a healthy member`,
  );
}

function hostOf({ hosts }: Plane, name: string): PlaneHost {
  const found = hosts.find(({ host }) => host.name === name);
  if (found === undefined)
    throw new KeelsonError("KEELSON_INTERNAL", `Cannot find host "${name}": not declared`);
  return found;
}

function subjectOf(step: EtcdStep): string {
  if (step.kind === "leave") return `${step.leaver.name} ${step.leaver.address}`;
  return step.kind === "remove" ? step.member.name || step.member.address : step.seat.name;
}

/** What the host will be once the remains are gone: its authorities stay. */
function cleared(view: PlaneView): PlaneView {
  const { caSha256 } = view.facts.kubernetes;
  const kubernetes = { ...blankFacts(view.host).kubernetes, ...(caSha256 !== undefined && { caSha256 }) };
  return { ...view, node: undefined, facts: { ...view.facts, kubernetes } };
}
