import { KeelsonError } from "../../errors.ts";
import { waitFor } from "../../remote/wait.ts";
import type { Runner } from "../../remote/runner.ts";
import type { Plane, PlaneHost } from "../plane.ts";
import { lookSoon } from "../reset-host.ts";
import { listMembers } from "./etcdctl.ts";
import type { MemberList } from "./etcdctl.ts";
import { describeQuorum, quorumOf } from "./membership.ts";
import type { EtcdMember, Seat } from "./membership.ts";

const quorumDeadlineMs = 240_000;
/** A member that has just started, or whose host has, gets this long to become healthy. */
const healthGraceMs = 60_000;

/**
 * Waits for a quorum, and a while for members whose hosts answer: they may have started a moment ago.
 *
 * @throws KeelsonError KEELSON_QUORUM_LOST if those that could decide are off and shall not come back; KEELSON_TIMEOUT
 */
export async function waitForQuorum(plane: Plane, seats: readonly Seat[]): Promise<readonly EtcdMember[]> {
  const { operation, request } = plane;
  const graceEnds = performance.now() + healthGraceMs;
  const living = new Set(seats.filter(({ state }) => state === "whole").map(({ address }) => address));
  let gone: ReadonlySet<string> | undefined;
  let last: MemberList | undefined;
  return waitFor({
    what: `a quorum of etcd in cluster "${request.cluster.name}"`,
    deadlineMs: quorumDeadlineMs,
    signal: operation.signal,
    probe: async () => {
      last = await askMembers(plane, seats);
      if (last?.isConfirmed !== true) {
        if (last) refuseLost(last.members, (gone ??= await silentLeavers(plane)));
        return undefined;
      }
      const isSettled = last.members.every(({ isHealthy, address }) => isHealthy || !living.has(address));
      return isSettled || performance.now() > graceEnds ? last.members : undefined;
    },
    diagnose: () => Promise.resolve(last ? describeQuorum(last.members) : "no member of etcd answers"),
    onWaiting: (why) => {
      operation.log(request.cluster.name, why);
    },
  });
}

/** Asks one host after the other until one speaks for a quorum. What a member remembers counts on a whole host alone. */
export async function askMembers(plane: Plane, seats: readonly Seat[]): Promise<MemberList | undefined> {
  let remembered: MemberList | undefined;
  for (const { runner, isWhole } of speakers(plane, seats)) {
    const list = await listMembers(runner, plane.operation.signal).catch(ignoreSilence);
    if (list?.isConfirmed === true) return list;
    if (isWhole) remembered ??= list;
  }
  return remembered;
}

interface Speaker {
  readonly host: PlaneHost["host"];
  readonly runner: Runner;
  readonly isWhole: boolean;
}

/**
 * The hosts that may hold a member of etcd and can be asked, whole ones first. One whose join was cut off may vote, and if the first host
 * is lost then, nobody else is left to speak.
 */
export function speakers({ hosts }: Pick<Plane, "hosts">, seats: readonly Seat[]): readonly Speaker[] {
  const inState = (wanted: Seat["state"]): readonly Speaker[] =>
    hosts.flatMap(({ host, runner }) => {
      const holds = seats.some(({ name, state }) => name === host.name && state === wanted);
      return holds && runner ? [{ host, runner, isWhole: wanted === "whole" }] : [];
    });
  return [...inState("whole"), ...inState("partial")];
}

/** A host may go silent at any time; the others can still speak. */
function ignoreSilence(error: unknown): undefined {
  if (!KeelsonError.is(error) || error.code !== "KEELSON_HOST_UNREACHABLE") throw error;
}

/** The addresses of hosts that are to leave and do not answer: whoever declares them no more does not bring them back. */
async function silentLeavers({ operation, request }: Plane): Promise<ReadonlySet<string>> {
  const removed = request.removed ?? [];
  const facts = await Promise.all(removed.map((host) => lookSoon(operation, host)));
  return new Set(removed.filter((_, index) => facts[index] === undefined).map((host) => host.nodeAddress));
}

function refuseLost(members: readonly EtcdMember[], gone: ReadonlySet<string>): void {
  const atBest = members.map((member) => ({ ...member, isHealthy: !gone.has(member.address) }));
  if (quorumOf(atBest).holds) return;
  throw new KeelsonError(
    "KEELSON_QUORUM_LOST",
    `Cannot change the members of etcd: ${describeQuorum(members)}, and those that are down shall leave`,
    { fix: "Switch on as many of them as are needed, then remove one host at a time" },
  );
}
