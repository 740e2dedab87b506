import { isRecord } from "../core/json.ts";
import { quantityOf, thousandths, unitOf } from "../core/quantity.ts";

/** Amounts by resource, in thousandths. */
export type Amounts = ReadonlyMap<string, number>;

export const nothing: Amounts = new Map();

/** The amounts of a list of resources in a manifest; what is no quantity is left out, since it is another finding. */
export function amountsOf(list: unknown): Amounts {
  if (!isRecord(list)) return nothing;
  const pairs = Object.entries(list).flatMap(([name, quantity]): [string, number][] => {
    const amount = thousandths(quantity);
    return amount === undefined ? [] : [[name, amount]];
  });
  return new Map(pairs);
}

/** The sum of amounts. */
export function sum(parts: readonly Amounts[]): Amounts {
  return combine(parts, (left, right) => left + right);
}

/** The larger of amounts, resource by resource. */
export function larger(parts: readonly Amounts[]): Amounts {
  return combine(parts, Math.max);
}

/** Amounts so many times over. */
export function times(amounts: Amounts, factor: number): Amounts {
  return new Map([...amounts].map(([name, amount]) => [name, amount * factor]));
}

/** An amount as a person reads it. */
export function show(resource: string, amount: number): string {
  return quantityOf(amount, unitOf(resource));
}

function combine(parts: readonly Amounts[], join: (left: number, right: number) => number): Amounts {
  const total = new Map<string, number>();
  for (const [name, amount] of parts.flatMap((part) => [...part]))
    total.set(name, join(total.get(name) ?? 0, amount));
  return total;
}
