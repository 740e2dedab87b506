import { KeelsonError } from "../../errors.ts";
import { describeQuorum, quorumOf } from "./membership.ts";
import type { EtcdMember, Leaver, Membership, Seat } from "./membership.ts";

/** One change to the set of members. */
export type EtcdStep =
  /** Takes a member out of etcd behind which no finished control plane stands. */
  | { readonly kind: "remove"; readonly member: EtcdMember; readonly seat: Seat | undefined }
  /** Takes the remains of a control plane that is no member off its host. */
  | { readonly kind: "clear"; readonly seat: Seat }
  /** Joins a host: a learner is added, catches up and is promoted. */
  | { readonly kind: "join"; readonly seat: Seat }
  /** Takes a host out of the cluster, its member first. */
  | { readonly kind: "leave"; readonly leaver: Leaver; readonly member: EtcdMember | undefined };

/**
 * The next change that brings the members closer to the declared hosts; undefined if they agree. Only one change is
 * made at a time, and each is judged by the votes after it: those that remain must be able to decide. Dead members go
 * first, and living ones go last, when all others came, so that as many failures as possible are survived on the way. A member
 * that no finished control plane stands behind, and on which the quorum stands, goes when others came. Pure.
 *
 * @throws KeelsonError KEELSON_QUORUM_LOST with the arithmetic if the change, or anything at all, is impossible
 */
export function nextStep(membership: Membership): EtcdStep | undefined {
  const { members } = membership;
  if (!quorumOf(members).holds) {
    throw lost(`change the members of etcd: ${describeQuorum(members)}`);
  }
  const step =
    removeStale(membership, ({ isHealthy }) => !isHealthy) ??
    leave(membership, (leaver) => isUrgent(membership, leaver)) ??
    removeStale(membership, () => true) ??
    clear(membership) ??
    join(membership) ??
    leave(membership, () => membership.seats.every((seat) => memberOf(membership, seat)));
  if (step === undefined) refuseStale(membership);
  return step;
}

/** The membership after a step that went well. Pure. */
export function after(membership: Membership, step: EtcdStep): Membership {
  const { members, seats, leavers } = membership;
  const become = (seat: Seat, state: Seat["state"]): readonly Seat[] =>
    seats.map((each) => (each.name === seat.name ? { ...each, state } : each));
  switch (step.kind) {
    case "remove":
      return { ...membership, members: without(members, step.member) };
    case "clear":
      return { ...membership, seats: become(step.seat, "blank") };
    case "join":
      return { ...membership, seats: become(step.seat, "whole"), members: [...members, voterOf(step.seat)] };
    case "leave":
      return {
        ...membership,
        members: without(members, step.member),
        leavers: leavers.filter((each) => each !== step.leaver),
      };
  }
}

function removeStale(membership: Membership, isNow: (member: EtcdMember) => boolean): EtcdStep | undefined {
  const { members, seats } = membership;
  const member = staleOf(membership).find((each) => isNow(each) && quorumOf(without(members, each)).holds);
  if (member === undefined) return undefined;
  return { kind: "remove", member, seat: seats.find(({ address }) => address === member.address) };
}

/** @throws KeelsonError KEELSON_QUORUM_LOST if there is one left, since nothing else can be done about it */
function refuseStale(membership: Membership): void {
  for (const member of staleOf(membership)) judgeRemoval(membership.members, member);
}

/** A learner without a run, and a member whose host holds no finished control plane, were left by something cut off. */
function staleOf({ members, seats }: Membership): readonly EtcdMember[] {
  return members.filter(({ isLearner, address }) => {
    const state = seats.find((seat) => seat.address === address)?.state;
    return isLearner || state === "blank" || state === "partial";
  });
}

function leave(membership: Membership, isNow: (leaver: Leaver) => boolean): EtcdStep | undefined {
  const leaver = membership.leavers.find(isNow);
  if (leaver === undefined) return undefined;
  const member = memberOf(membership, leaver);
  if (member) judgeRemoval(membership.members, member);
  return { kind: "leave", leaver, member };
}

/** A dead member only takes votes, and a node name can be borne by one host at a time. */
function isUrgent(membership: Membership, leaver: Leaver): boolean {
  const member = memberOf(membership, leaver);
  return member?.isHealthy === false || membership.seats.some(({ nodeName }) => nodeName === leaver.nodeName);
}

/** The living members say that this host is none of them: its data can never be of use again. */
function clear(membership: Membership): EtcdStep | undefined {
  const seat = membership.seats.find(
    (each) => (each.state === "partial" || each.state === "whole") && !memberOf(membership, each),
  );
  return seat && { kind: "clear", seat };
}

function join(membership: Membership): EtcdStep | undefined {
  const { members, seats } = membership;
  const seat = seats.find(({ state }) => state === "blank");
  if (seat === undefined) return undefined;
  const down = members.filter(({ isHealthy }) => !isHealthy);
  if (down.length > 0) {
    const names = down.map(({ name, address }) => `"${name || address}"`).join(", ");
    throw lost(
      `add ${seat.name} to etcd while ${names} ${down.length === 1 ? "is" : "are"} down: ${describeQuorum(members)}`,
      "Bring those hosts back, or replace them in the record of hosts",
    );
  }
  return { kind: "join", seat };
}

function judgeRemoval(members: readonly EtcdMember[], member: EtcdMember): void {
  const rest = without(members, member);
  if (quorumOf(rest).holds) return;
  const name = member.name || member.address;
  throw lost(`remove member "${name}" of etcd: afterwards ${describeQuorum(rest)}`);
}

function without(members: readonly EtcdMember[], member: EtcdMember | undefined): readonly EtcdMember[] {
  return members.filter(({ id }) => id !== member?.id);
}

function memberOf({ members }: Membership, { address }: Seat | Leaver): EtcdMember | undefined {
  return members.find((member) => member.address === address);
}

function voterOf({ name, nodeName, address }: Seat): EtcdMember {
  return { id: `new-${name}`, name: nodeName, address, isLearner: false, isHealthy: true };
}

function lost(what: string, fix?: string): KeelsonError {
  return new KeelsonError("KEELSON_QUORUM_LOST", `Cannot ${what}`, fix === undefined ? {} : { fix });
}
