import { KeelsonError } from "../../errors.ts";
import { waitFor } from "../../remote/wait.ts";
import type { Plane } from "../plane.ts";
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

/** Asks one whole host after the other until one speaks for a quorum. */
export async function askMembers(
  { hosts, operation }: Plane,
  seats: readonly Seat[],
): Promise<MemberList | undefined> {
  let remembered: MemberList | undefined;
  for (const { host, runner } of hosts) {
    const isWhole = seats.some(({ name, state }) => name === host.name && state === "whole");
    if (!isWhole || runner === undefined) continue;
    const list = await listMembers(runner, operation.signal).catch(ignoreSilence);
    if (list?.isConfirmed === true) return list;
    remembered ??= list;
  }
  return remembered;
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
