/** One cluster that may get replicas. */
export interface Slot {
  /** The fewest that it must have. */
  readonly least: number;
  /** What it has now. */
  readonly held: number;
  /** The most that it has room for, those that it has included. */
  readonly most: number;
  /** Its share of a proportional division. */
  readonly weight: number;
}

/** `share` divides by weight, `fill` gives the first slots as much as they take. */
export type Manner = "share" | "fill";

/**
 * Divides a total among levels of slots: the first level takes all it can, the next one the rest. What slots hold stays
 * where it is, as long as the total allows it, so that no replica moves without need. Undefined if there is no room.
 */
export function divideTotal(
  levels: readonly (readonly Slot[])[],
  total: number,
  manner: Manner,
): readonly (readonly number[])[] | undefined {
  const held = levels.map((slots) => slots.map((slot) => Math.max(slot.held, slot.least)));
  const change = total - sum(held.map(sum));
  return change >= 0
    ? grow(levels, held, { by: change, manner })
    : shrink(levels, held, { by: -change, manner });
}

/**
 * Divides seats in proportion to weights by the method of Webster and Sainte-Laguë, within bounds: each seat goes where
 * seats weigh most, `weight / (2 × seats + 1)`. No larger total takes a seat away from anybody, which the method of
 * largest remainders does (M. L. Balinski, H. P. Young: Fair Representation, Yale 1982). The bounds must allow the total.
 */
export function apportion(total: number, slots: readonly Bounded[]): readonly number[] {
  // Seats at a price: everybody buys as many as the price makes fair. Lower it until just enough are sold.
  let [none, enough] = [0, 1];
  while (sum(seatsAt(slots, enough)) < total) enough *= 2;
  for (let step = 0; step < 60; step += 1) {
    const middle = (none + enough) / 2;
    if (sum(seatsAt(slots, middle)) <= total) none = middle;
    else enough = middle;
  }
  const seats = seatsAt(slots, none);
  for (let left = total - sum(seats); left > 0; left -= 1) {
    const next = neediest(slots, seats);
    seats[next] = (seats[next] ?? 0) + 1;
  }
  return seats;
}

/** Bounds and weight of one who takes part in a division; weights are greater than 0. */
export interface Bounded {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

interface Change {
  readonly by: number;
  readonly manner: Manner;
}

function grow(
  levels: readonly (readonly Slot[])[],
  held: readonly (readonly number[])[],
  { by, manner }: Change,
): readonly (readonly number[])[] | undefined {
  let left = by;
  const grown = levels.map((slots, level) => {
    const bounds = slots.map(({ most, weight }, index) => {
      const from = held[level]?.[index] ?? 0;
      return { from, to: Math.max(from, Math.min(most, from + by)), weight };
    });
    const added = Math.min(left, sum(bounds.map(({ from, to }) => to - from)));
    left -= added;
    return settle(bounds, added, manner);
  });
  return left === 0 ? grown : undefined;
}

function shrink(
  levels: readonly (readonly Slot[])[],
  held: readonly (readonly number[])[],
  { by, manner }: Change,
): readonly (readonly number[])[] | undefined {
  let left = by;
  const shrunk = levels.toReversed().map((slots, fromEnd) => {
    const bounds = slots.map(({ least, weight }, index) => ({
      from: least,
      to: held[levels.length - 1 - fromEnd]?.[index] ?? 0,
      weight,
    }));
    const spare = sum(bounds.map(({ from, to }) => to - from));
    const taken = Math.min(left, spare);
    left -= taken;
    return settle(bounds, spare - taken, manner);
  });
  return left === 0 ? shrunk.toReversed() : undefined;
}

// Everybody has `from`, and `added` more are handed out.
function settle(bounds: readonly Bounded[], added: number, manner: Manner): readonly number[] {
  if (manner === "share") return apportion(sum(bounds.map(({ from }) => from)) + added, bounds);
  let left = added;
  return bounds.map(({ from, to }) => {
    const given = Math.min(left, to - from);
    left -= given;
    return from + given;
  });
}

function seatsAt(slots: readonly Bounded[], price: number): number[] {
  return slots.map(({ from, to, weight }) => Math.min(to, Math.max(from, Math.ceil(weight * price - 0.5))));
}

function neediest(slots: readonly Bounded[], seats: readonly number[]): number {
  let [best, need] = [0, -1];
  for (const [index, { to, weight }] of slots.entries()) {
    const has = seats[index] ?? 0;
    if (has < to && weight / (2 * has + 1) > need) [best, need] = [index, weight / (2 * has + 1)];
  }
  return best;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
