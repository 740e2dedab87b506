import assert from "node:assert/strict";
import { describeVotes } from "../../../bootstrap/etcd/describe-votes.ts";
import type { EtcdMember, Membership, Seat } from "../../../bootstrap/etcd/membership.ts";

const member = (name: string, changes: Partial<EtcdMember> = {}): EtcdMember => ({
  ...{ id: name, name, address: name, isLearner: false, isHealthy: true },
  ...changes,
});
const seat = (name: string): Seat => ({ name, nodeName: name, address: name, state: "blank" });
const leaver = (name: string): { name: string; nodeName: string; address: string } => ({
  ...{ name, nodeName: name, address: name },
});

function of(...members: readonly EtcdMember[]): Membership {
  return { members, seats: [], leavers: [] };
}

describe("describeVotes", () => {
  const [cp1, cp2, cp3] = [member("cp1"), member("cp2"), member("cp3")];

  it("counts who must live after a host joined", () => {
    const join = { kind: "join", seat: seat("cp2") } as const;
    assert.equal(
      describeVotes(of(cp1), join),
      "change etcd from 1 to 2 voting members: 2 needed, none may fail",
    );
    assert.equal(
      describeVotes(of(cp1, cp2), { ...join, seat: seat("cp3") }),
      "change etcd from 2 to 3 voting members: 2 needed, 1 may fail",
    );
  });

  it("counts the dead ones out when a host leaves", () => {
    const dead = member("cp3", { isHealthy: false });
    const leave = { kind: "leave", leaver: leaver("cp2"), member: cp2 } as const;
    assert.equal(
      describeVotes(of(cp1, cp2, cp3, member("cp4"), dead), leave),
      "change etcd from 5 to 4 voting members: 3 needed, none may fail",
    );
  });

  it("says nothing of steps that change no vote", () => {
    const learner = member("cp2", { isLearner: true, isHealthy: false });
    assert.equal(
      describeVotes(of(cp1, learner), { kind: "remove", member: learner, seat: undefined }),
      undefined,
    );
    assert.equal(describeVotes(of(cp1), { kind: "clear", seat: seat("cp2") }), undefined);
    assert.equal(
      describeVotes(of(cp1), { kind: "leave", leaver: leaver("cp9"), member: undefined }),
      undefined,
    );
  });
});
