import { type Change, changesBetween } from "./changes.ts";
import type { AnyResource } from "./resource.ts";
import { type Stored, unfinishedKey } from "./state.ts";
import { isRecord, peel, type Value } from "./values.ts";

/** What differs, for the engine. */
export interface ResourceDiff {
  readonly properties: readonly PropertyDifference[];
  /** The top-level properties that only a new resource can change. */
  readonly replaces: readonly string[];
}

export interface PropertyDifference {
  readonly path: string;
  readonly kind: Change["kind"];
  readonly replaces: boolean;
  /** True if inputs differ; false if the live state does. */
  readonly input: boolean;
}

/** Compares the wanted inputs with the last ones, and adds what Read and earlier runs left to do. Pure. */
export function diffResource(resource: AnyResource, stored: Stored, inputs: Value): ResourceDiff {
  const { ignores, replaces } = resource.diff;
  const changes = changesBetween(stored.inputs, inputs).filter(({ parts }) => ignores?.(parts) !== true);
  const wanted = changes.map((change) => ({
    path: change.path,
    kind: change.kind,
    replaces: replaces?.(change.parts) === true,
    input: true,
  }));
  const heads = changes
    .filter(({ parts }) => replaces?.(parts) === true)
    .map(({ parts }) => String(parts[0]));
  return { properties: [...wanted, ...leftToDo(stored.outputs)], replaces: [...new Set(heads)] };
}

function leftToDo(outputs: Value): PropertyDifference[] {
  if (!isRecord(outputs)) return [];
  const pending = peel(outputs["pending"]);
  const names = [
    ...(Array.isArray(pending) && pending.length > 0 ? ["pending"] : []),
    ...(isRecord(peel(outputs[unfinishedKey])) ? [unfinishedKey] : []),
  ];
  return names.map((path) => ({ path, kind: "update", replaces: false, input: false }));
}
