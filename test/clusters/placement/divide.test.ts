import assert from "node:assert/strict";
import fc from "fast-check";
import { apportion, divideTotal } from "../../../clusters/placement/divide.ts";
import type { Bounded, Slot } from "../../../clusters/placement/divide.ts";

const weight = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));

const bounded = fc
  .array(fc.record({ from: fc.nat(5), extra: fc.nat(9), weight }), { minLength: 1, maxLength: 7 })
  .map((slots) => slots.map(({ from, extra, ...rest }) => ({ from, to: from + extra, ...rest })));

const division = bounded.chain((slots) =>
  fc.record({ slots: fc.constant(slots), total: fc.integer({ min: lowest(slots), max: highest(slots) }) }),
);

const slot: fc.Arbitrary<Slot> = fc
  .record({
    least: fc.constantFrom(0, 1),
    held: fc.nat(6),
    room: fc.nat(6),
    weight: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ least, held, room, weight }) => ({ least, held, most: Math.max(least, held + room), weight }));

const levels = fc.array(fc.array(slot, { maxLength: 4 }), { minLength: 1, maxLength: 3 });
const manner = fc.constantFrom("share", "fill");

describe("apportion()", () => {
  it("divides as the textbook does, one seat after the other, within bounds", () => {
    fc.assert(
      fc.property(division, ({ slots, total }) => {
        const seats = apportion(total, slots);

        assert.equal(sum(seats), total);
        assert.ok(seats.every((each, index) => each >= slots[index]!.from && each <= slots[index]!.to));
        assert.deepEqual(needs(seats, slots), needs(oneByOne(total, slots), slots));
      }),
    );
  });

  it("takes no seat away from anybody when there are more to divide", () => {
    fc.assert(
      fc.property(division, ({ slots, total }) => {
        fc.pre(total < highest(slots));
        const [less, more] = [apportion(total, slots), apportion(total + 1, slots)];

        assert.ok(less.every((each, index) => each <= more[index]!));
      }),
    );
  });

  it("gives 12 replicas to three clusters in proportion to their room", () => {
    const rooms = [100, 60, 40].map((room) => ({ from: 1, to: room, weight: room }));

    assert.deepEqual(apportion(12, rooms), [6, 4, 2]);
  });
});

describe("divideTotal()", () => {
  it("divides exactly and within room, or says that there is none", () => {
    fc.assert(
      fc.property(levels, fc.nat(40), manner, (slots, total, how) => {
        const counts = divideTotal(slots, total, how);

        const all = slots.flat();
        const fits = total >= sum(all.map(({ least }) => least)) && total <= sum(all.map(({ most }) => most));
        assert.equal(counts !== undefined, fits);
        if (counts === undefined) return;
        assert.equal(sum(counts.flat()), total);
        assert.ok(
          counts.flat().every((each, index) => each >= all[index]!.least && each <= all[index]!.most),
        );
      }),
    );
  });

  it("starts no replica that is not needed", () => {
    fc.assert(
      fc.property(levels, fc.nat(40), manner, (slots, total, how) => {
        const counts = divideTotal(slots, total, how);
        fc.pre(counts !== undefined);

        const all = slots.flat();
        const started = sum(counts.flat().map((each, index) => Math.max(0, each - all[index]!.held)));
        const forced = sum(all.map(({ least, held }) => Math.max(0, least - held)));
        assert.equal(started, Math.max(forced, total - sum(all.map(({ held }) => held))));
      }),
    );
  });

  it("fills a level before the next one, and empties the last level first", () => {
    const slots = (held: number): Slot => ({ least: 0, held, most: 6, weight: 1 });

    assert.deepEqual(divideTotal([[slots(0)], [slots(0), slots(0)]], 9, "share"), [[6], [2, 1]]);
    assert.deepEqual(divideTotal([[slots(6)], [slots(2), slots(1)]], 7, "share"), [[6], [1, 0]]);
  });
});

function oneByOne(total: number, slots: readonly Bounded[]): readonly number[] {
  const seats = slots.map(({ from }) => from);
  while (sum(seats) < total) {
    const open = [...slots.keys()].filter((index) => seats[index]! < slots[index]!.to);
    const need = (index: number): number => slots[index]!.weight / (2 * seats[index]! + 1);
    seats[open.reduce((best, index) => (need(index) > need(best) ? index : best))]! += 1;
  }
  return seats;
}

// Equal claims may be served in any order, so divisions are compared by what the seats that were handed out weigh.
function needs(seats: readonly number[], slots: readonly Bounded[]): readonly string[] {
  return slots
    .flatMap(({ from, weight: heavy }, index) =>
      Array.from({ length: seats[index]! - from }, (_, seat) => heavy / (2 * (from + seat) + 1)),
    )
    .sort((left, right) => left - right)
    .map((need) => need.toPrecision(9));
}

function lowest(slots: readonly Bounded[]): number {
  return sum(slots.map(({ from }) => from));
}

function highest(slots: readonly Bounded[]): number {
  return sum(slots.map(({ to }) => to));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
