import assert from "node:assert/strict";
import fc from "fast-check";
import { dueCare, tooFull } from "../../../bootstrap/etcd/care.ts";
import { parseCondition } from "../../../bootstrap/etcd/condition.ts";
import type { EtcdCondition } from "../../../bootstrap/etcd/condition.ts";
import { parseMembers } from "../../../bootstrap/etcd/etcdctl.ts";

/** As etcdctl 3.6 prints it, shortened. */
const printed = `[{"Endpoint":"https://10.0.0.11:2379","Status":{"header":{"cluster_id":14841639068965178418,"member_id":10276657743932975437,"revision":1042,"raft_term":2},"version":"3.6.6","dbSize":2147483648,"leader":10276657743932975438,"raftIndex":2000,"raftTerm":2,"raftAppliedIndex":2000,"errors":["memberID:10276657743932975437 alarm:NOSPACE "],"dbSizeInUse":104857600,"storageVersion":"3.6.0","dbSizeQuota":2147483648,"downgradeInfo":{}}},{"Endpoint":"https://10.0.0.12:2379","Status":{"header":{"cluster_id":14841639068965178418,"member_id":10276657743932975438,"revision":1043,"raft_term":2},"version":"3.6.6","dbSize":20480,"leader":10276657743932975438,"dbSizeInUse":16384}}]`;

describe("parseCondition", () => {
  it("tells members apart whose ids differ in the last digit", () => {
    const condition = parseCondition(`${printed}\n`);
    assert.deepEqual(condition, {
      ...{ revision: 1043, isFull: true },
      members: [
        {
          ...{ url: "https://10.0.0.11:2379", address: "10.0.0.11", isLeader: false },
          ...{ size: 2147483648, used: 104857600, quota: 2147483648 },
        },
        {
          ...{ url: "https://10.0.0.12:2379", address: "10.0.0.12", isLeader: true },
          ...{ size: 20480, used: 16384, quota: 2147483648 },
        },
      ],
    });
  });

  it("knows nothing if no member answers", () => {
    assert.equal(parseCondition(""), undefined);
  });
});

const size = fc.integer({ min: 1, max: 1000 });
const condition: fc.Arbitrary<EtcdCondition> = fc
  .record({
    isFull: fc.boolean(),
    leader: fc.nat(4),
    rooms: fc.array(fc.tuple(size, size), { maxLength: 5 }),
  })
  .map(({ isFull, leader, rooms }) => ({
    ...{ isFull, revision: 7 },
    members: rooms.map(([first, second], index) => ({
      ...{ url: `https://${String(index)}:2379`, address: String(index), isLeader: index === leader },
      ...{ size: Math.max(first, second), used: Math.min(first, second), quota: 1000 },
    })),
  }));

describe("dueCare", () => {
  it("sends no two members away at once, the leader last, and accepts writes only at the end", () => {
    fc.assert(
      fc.property(condition, (found) => {
        const steps = dueCare(found);
        const members = steps.flatMap((step) => (step.kind === "defragment" ? [step.member] : []));
        assert.equal(new Set(members.map(({ url }) => url)).size, members.length);
        assert.ok(members.slice(0, -1).every(({ isLeader }) => !isLeader));
        assert.equal(steps.at(-1)?.kind === "disarm", found.isFull);
        if (found.isFull) assert.equal(members.length, found.members.length);
      }),
    );
  });

  it("leaves members alone that have room, however much of it is free", () => {
    const members = [{ url: "a", address: "a", isLeader: true, size: 400, used: 10, quota: 1000 }];
    assert.deepEqual(dueCare({ isFull: false, revision: 1, members }), []);
    assert.deepEqual(tooFull({ isFull: false, revision: 1, members }), []);
  });
});

describe("parseMembers", () => {
  const list = (error: string): string =>
    [
      "confirmed",
      "a1, started, cp1, https://10.0.0.11:2380, https://10.0.0.11:2379, false",
      JSON.stringify([{ endpoint: "https://10.0.0.11:2379", health: false, took: "5ms", error }]),
    ].join("\n");

  it("counts the vote of a member that has no space left, and not of one that is corrupt", () => {
    assert.equal(parseMembers(list("Active Alarm(s): NOSPACE "))?.members[0]?.isHealthy, true);
    assert.equal(parseMembers(list("Active Alarm(s): NOSPACE CORRUPT "))?.members[0]?.isHealthy, false);
    assert.equal(parseMembers(list("context deadline exceeded"))?.members[0]?.isHealthy, false);
  });
});
