import { listAt, nameOf, namespaceOf } from "../core/parts.ts";
import type { Rendered } from "../core/rendered.ts";
import { type Amounts, amountsOf } from "./amounts.ts";
import type { LooseContainer } from "./pod-amounts.ts";

/** Bounds of one kind of thing in a namespace, and what it gets that says nothing. */
export interface Bounds {
  readonly owner: string;
  readonly type: string;
  readonly min: Amounts;
  readonly max: Amounts;
  /** How much larger a limit may be than its request, in thousandths. */
  readonly ratio: Amounts;
  readonly defaultLimit: Amounts;
  readonly defaultRequest: Amounts;
}

/** The bounds that hold in each namespace, by the LimitRanges of the app. */
export function boundsByNamespace(rendered: readonly Rendered[]): (namespace: string) => readonly Bounds[] {
  const bounds = new Map<string, Bounds[]>();
  for (const each of rendered) {
    if (each.json["kind"] !== "LimitRange") continue;
    const own = listAt(each.json, "spec", "limits").map((item) => boundsOf(nameOf(each), item));
    bounds.set(namespaceOf(each), [...(bounds.get(namespaceOf(each)) ?? []), ...own]);
  }
  return (namespace) => bounds.get(namespace) ?? [];
}

/** A container as it is when the server has filled in what it does not say. */
export function filled(container: LooseContainer, bounds: readonly Bounds[]): LooseContainer {
  const own = bounds.filter(({ type }) => type === "Container");
  const limits = new Map([...own.flatMap(({ defaultLimit }) => [...defaultLimit]), ...container.limits]);
  const requests = new Map([
    ...own.flatMap(({ defaultRequest }) => [...defaultRequest]),
    ...container.requests,
  ]);
  return { ...container, limits, requests };
}

function boundsOf(owner: string, item: Readonly<Record<string, unknown>>): Bounds {
  const [min, max] = [amountsOf(item["min"]), amountsOf(item["max"])];
  const isContainer = item["type"] === "Container";
  // As the server has it: the largest is the limit, the limit the request, of one that says nothing.
  const defaultLimit = isContainer
    ? new Map([...max, ...amountsOf(item["default"])])
    : new Map<string, number>();
  const requests = new Map([...min, ...defaultLimit, ...amountsOf(item["defaultRequest"])]);
  return {
    owner,
    type: String(item["type"]),
    min,
    max,
    ratio: amountsOf(item["maxLimitRequestRatio"]),
    defaultLimit,
    defaultRequest: isContainer ? requests : new Map<string, number>(),
  };
}
