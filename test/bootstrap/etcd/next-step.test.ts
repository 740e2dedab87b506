import assert from "node:assert/strict";
import fc from "fast-check";
import type { EtcdMember, Membership, Seat } from "../../../bootstrap/etcd/membership.ts";
import { after, nextStep } from "../../../bootstrap/etcd/next-step.ts";
import { KeelsonError } from "../../../errors.ts";
import { Died, FakeEtcd } from "../../support/fake-etcd.ts";

const names = ["cp1", "cp2", "cp3", "cp4", "cp5", "cp6"];
const declared = fc
  .integer({ min: 0, max: 2 })
  .chain((size) => fc.shuffledSubarray(names, { minLength: 2 * size + 1, maxLength: 2 * size + 1 }));
const harm = fc.record({
  host: fc.constantFrom(...names),
  how: fc.constantFrom("reinstall" as const, "powerOff" as const),
});
const era = fc.record({
  declared,
  deaths: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 }),
  harms: fc.array(harm, { maxLength: 3 }),
});

describe("nextStep", () => {
  it("brings members and hosts together whatever was cut off, reinstalled or without power before", () => {
    fc.assert(
      fc.property(fc.array(era, { minLength: 1, maxLength: 4 }), (eras) => {
        const etcd = new FakeEtcd("cp1", names);
        for (const each of eras) {
          for (const steps of each.deaths)
            attempt(() => {
              etcd.run(each.declared, steps);
            });
          for (const { host, how } of each.harms) etcd.harm(host, how);
          attempt(() => {
            etcd.run(each.declared);
          });
        }
        const wanted = eras.at(-1)?.declared ?? [];
        etcd.powerOnAll();
        etcd.run(wanted);

        assert.ok(etcd.lowest >= 0, "the voting members could not decide at some point");
        assert.deepEqual(etcd.members.map(({ host }) => host).sort(), [...wanted].sort());
        assert.ok(etcd.members.every(({ isLearner }) => !isLearner));
        assert.ok(wanted.every((name) => etcd.host(name).isMarked));
      }),
      { numRuns: 500 },
    );
  });

  it("predicts for a preview exactly the steps of an undisturbed run", () => {
    fc.assert(
      fc.property(declared, declared, (before, wanted) => {
        const etcd = new FakeEtcd("cp1", names);
        etcd.run(["cp1", ...before.filter((name) => name !== "cp1")]);
        let predicted = etcd.membership(wanted);
        for (let step = nextStep(predicted); step; step = nextStep(predicted))
          predicted = after(predicted, step);

        etcd.run(wanted);

        const addresses = (members: readonly EtcdMember[]): string[] =>
          members.map(({ address }) => address).sort();
        assert.deepEqual(addresses(predicted.members), addresses(etcd.list()));
      }),
    );
  });

  for (const [title, membership, message] of [
    [
      "does nothing without a quorum",
      { members: [member("cp1"), down("cp2"), down("cp3")], seats: [], leavers: [] },
      /^Cannot change the members of etcd: 1 of 3 voting members healthy, 2 needed \(down: cp2, cp3\)$/,
    ],
    [
      "does not remove the member on which the quorum stands",
      { members: [member("cp1"), member("cp2"), down("cp3")], seats: [seat("cp2", "partial")], leavers: [] },
      /^Cannot remove member "cp2" of etcd: afterwards 1 of 2 voting members healthy, 2 needed \(down: cp3\)$/,
    ],
    [
      "does not add a member while another is down",
      { members: [member("cp1"), member("cp2"), down("cp3")], seats: [seat("cp4", "blank")], leavers: [] },
      /^Cannot add cp4 to etcd while "cp3" is down: 2 of 3 voting members healthy, 2 needed \(down: cp3\)$/,
    ],
    [
      "does not remove the last member",
      { members: [member("cp1")], seats: [], leavers: [leaver("cp1")] },
      /afterwards 0 of 0 voting members healthy, 1 needed/,
    ],
  ] as const satisfies readonly (readonly [string, Membership, RegExp])[]) {
    it(`${title}, and shows the arithmetic`, () => {
      assert.throws(() => nextStep(membership), { code: "KEELSON_QUORUM_LOST", message });
    });
  }

  for (const [title, membership, kind, who] of [
    [
      "removes the stale member of a host that was installed anew before that host joins",
      { members: [member("cp1"), member("cp2"), down("cp3")], seats: [seat("cp3", "blank")], leavers: [] },
      "remove",
      "cp3",
    ],
    [
      "lets the dead go before it removes a living member whose join was cut off",
      {
        members: [member("cp1"), member("cp2"), down("cp3")],
        seats: [seat("cp1", "whole"), seat("cp2", "partial")],
        leavers: [leaver("cp3")],
      },
      "leave",
      "cp3",
    ],
    [
      "removes a learner that nobody promotes",
      {
        members: [member("cp1"), { ...down("cp2"), isLearner: true }],
        seats: [seat("cp2", "partial")],
        leavers: [],
      },
      "remove",
      "cp2",
    ],
    [
      "keeps an unfinished member on which the quorum stands while another can be made whole",
      { members: [member("cp3")], seats: [seat("cp2", "partial"), seat("cp3", "partial")], leavers: [] },
      "clear",
      "cp2",
    ],
    [
      "removes it then",
      {
        members: [member("cp3"), member("cp2")],
        seats: [seat("cp2", "whole"), seat("cp3", "partial")],
        leavers: [],
      },
      "remove",
      "cp3",
    ],
    [
      "clears a host that the others do not know any more",
      { members: [member("cp1")], seats: [seat("cp1", "whole"), seat("cp2", "whole")], leavers: [] },
      "clear",
      "cp2",
    ],
    [
      "lets the dead go before others come",
      {
        members: [member("cp1"), member("cp2"), down("cp3")],
        seats: [seat("cp4", "blank")],
        leavers: [leaver("cp3")],
      },
      "leave",
      "cp3",
    ],
    [
      "lets others come before the living go",
      { members: [member("cp1")], seats: [seat("cp2", "blank")], leavers: [leaver("cp1")] },
      "join",
      "cp2",
    ],
    [
      "frees a node name before another host takes it",
      {
        members: [member("cp1"), member("old")],
        seats: [{ ...seat("new", "blank"), nodeName: "old" }],
        leavers: [leaver("old")],
      },
      "leave",
      "old",
    ],
  ] as const satisfies readonly (readonly [string, Membership, string, string])[]) {
    it(title, () => {
      const step = nextStep(membership);

      const name =
        step?.kind === "remove"
          ? step.member.name
          : step?.kind === "leave"
            ? step.leaver.name
            : step?.seat.name;
      assert.deepEqual([step?.kind, name], [kind, who]);
    });
  }

  it("keeps the living while a declared host has not come", () => {
    const seats = [seat("cp1", "whole"), seat("cp2", "silent")];

    assert.equal(
      nextStep({ members: [member("cp1"), member("old")], seats, leavers: [leaver("old")] }),
      undefined,
    );
  });

  it("waits for nobody when a declared host is silent and nothing else is to be done", () => {
    const members = [member("cp1"), member("cp2"), down("cp3")];
    const seats = [seat("cp1", "whole"), seat("cp2", "whole"), seat("cp3", "silent")];

    assert.equal(nextStep({ members, seats, leavers: [] }), undefined);
  });
});

/** A run may die, and it may find that it must not go on; anything else is a fault. */
function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Died) && !(KeelsonError.is(error) && error.code === "KEELSON_QUORUM_LOST"))
      throw error;
  }
}

function member(name: string): EtcdMember {
  return { id: `id-${name}`, name, address: name, isLearner: false, isHealthy: true };
}

function down(name: string): EtcdMember {
  return { ...member(name), isHealthy: false };
}

function seat(name: string, state: Seat["state"]): Seat {
  return { name, nodeName: name, address: name, state };
}

function leaver(name: string): Membership["leavers"][number] {
  return { name, nodeName: name, address: name };
}
