import type { AnyResource } from "./resource.ts";
import { isRecord, Secret, toValue, unknown, type Value, type ValueRecord } from "./values.ts";

/** A resource as the engine's state has it. */
export interface Stored {
  readonly id: string;
  readonly inputs: Value;
  readonly outputs: Value;
}

/** The output that says why an earlier run did not finish, and with which inputs it tried. */
export const unfinishedKey = "unfinished";

export interface Unfinished {
  readonly reason: string;
  /** The inputs of a failed update, of which the engine keeps only the outputs. */
  readonly inputs?: Value;
}

export interface Settlement {
  /** The outputs before the call. @default - there were none */
  readonly before?: Value;
  /** What the call gives. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** In a preview, what is neither given nor there before is unknown. */
  readonly preview?: boolean;
  readonly unfinished?: Unfinished;
  /** A read does not finish what an update left. */
  readonly keepUnfinished?: boolean;
}

/** The outputs to store: what stays, what is new, secrets marked as such. */
export function settle(resource: AnyResource, settlement: Settlement): ValueRecord {
  const before: ValueRecord = isRecord(settlement.before ?? null) ? (settlement.before as ValueRecord) : {};
  const entries = resource.outputs.flatMap((name): [string, Value][] => {
    const given = settlement.outputs[name];
    if (given !== undefined) return [[name, mark(resource, name, toValue(given))]];
    const old = before[name];
    if (old !== undefined) return [[name, mark(resource, name, old)]];
    return settlement.preview === true ? [[name, mark(resource, name, unknown)]] : [];
  });
  const kept = settlement.keepUnfinished === true ? before[unfinishedKey] : undefined;
  const unfinished = settlement.unfinished === undefined ? kept : store(settlement.unfinished);
  return Object.fromEntries(unfinished === undefined ? entries : [...entries, [unfinishedKey, unfinished]]);
}

/** The inputs are as long as they are secret: no display needs them. */
function store({ reason, inputs }: Unfinished): Value {
  const [firstLine = ""] = reason.split("\n");
  return inputs === undefined ? { reason: firstLine } : { reason: firstLine, inputs: new Secret(inputs) };
}

function mark(resource: AnyResource, name: string, value: Value): Value {
  if (value instanceof Secret || !resource.secretOutputs.includes(name)) return value;
  return new Secret(value);
}
