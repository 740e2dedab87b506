import type { Type } from "../schema/type.ts";
import { isRecord, isSameJson, leavesOf } from "./json.ts";
import {
  applyOperations,
  type JsonPatchOperation,
  type Patched,
  readPointer,
  valueAt,
} from "./json-patch.ts";
import { applyPatch, findLost, type MergePatch, type PlacedPatch } from "./patch.ts";
import { applyStrategic, type StrategicMerge } from "./strategic-patch.ts";

const patchMark = Symbol.for("keelson.patch");

/** A patch of an object: a merge patch as it is, or what `jsonPatch` and `strategicPatch` make. */
export type Patch<T> = MergePatch<T> | JsonPatch | StrategicPatch<T>;

/** Operations of RFC 6902. */
export interface JsonPatch {
  readonly [patchMark]: "json";
  readonly operations: readonly JsonPatchOperation[];
}

/** A strategic merge patch. */
export interface StrategicPatch<T> {
  readonly [patchMark]: "strategic";
  readonly value: StrategicMerge<T>;
}

/** A patch by operations (RFC 6902): places in lists, moves, tests. */
export function jsonPatch(...operations: readonly JsonPatchOperation[]): JsonPatch {
  return { [patchMark]: "json", operations };
}

/** A patch as `kubectl patch` has it: items of lists are found by their keys, `$patch` deletes or replaces. */
export function strategicPatch<T>(value: StrategicMerge<T>): StrategicPatch<T> {
  return { [patchMark]: "strategic", value };
}

/**
 * What a patch of any kind makes of an object; `type` is the object's.
 *
 * @throws KeelsonError if the patch does not fit
 */
export function applyAny(object: unknown, patch: PlacedPatch, type: Type | undefined): Patched {
  const { at, value } = patch;
  if (isJson(value)) return inPlace(object, at, (part) => applyOperations(part, value.operations));
  if (isStrategic(value)) {
    return inPlace(object, at, (part) => applyStrategic(part, value.value, typeAt(type, at)));
  }
  return { result: applyPatch(object, patch), touched: [] };
}

/** The dotted paths at which the rendered object does not show what the patch has made. */
export function findHidden(
  rendered: unknown,
  patch: PlacedPatch,
  { result, touched }: Patched,
): readonly string[] {
  if (!isJson(patch.value) && !isStrategic(patch.value)) return findLost(rendered, patch);
  return touched
    .filter((path) => !isSameJson(valueAt(rendered, path), valueAt(result, path)))
    .map((path) => path.slice(patch.at.length).join("."));
}

/** The places that a patch names, each with the value that it gives, relative to the place of the patch. */
export function targetsOf(value: unknown): readonly (readonly [readonly string[], unknown])[] {
  if (isStrategic(value)) return leavesOf(value.value);
  if (!isJson(value)) return leavesOf(value);
  return value.operations
    .filter(({ op }) => op !== "test")
    .flatMap((operation) => {
      const given = "value" in operation ? operation.value : null;
      const places = "from" in operation ? [operation.from, operation.path] : [operation.path];
      // Another beginning is no pointer, which the application of the patch tells.
      const pointers = places.filter((pointer) => pointer === "" || pointer.startsWith("/"));
      return pointers.map((pointer) => [readPointer(pointer), given] as const);
    });
}

function inPlace(object: unknown, at: readonly string[], patch: (part: unknown) => Patched): Patched {
  const { result, touched } = patch(valueAt(object, at));
  const whole = at.length === 0 ? result : replaceAt(object, at, result);
  return { result: whole, touched: touched.map((path) => [...at, ...path]) };
}

function replaceAt(object: unknown, [key = "", ...rest]: readonly string[], value: unknown): unknown {
  const inner = rest.length === 0 ? value : replaceAt(valueAt(object, [key]), rest, value);
  if (Array.isArray(object)) return object.with(Number(key), inner);
  return { ...(isRecord(object) ? object : {}), [key]: inner };
}

function typeAt(type: Type | undefined, path: readonly string[]): Type {
  const found = path.reduce<Type | undefined>((inner, key) => {
    if (inner?.kind === "list") return inner.item;
    return inner?.kind === "object" ? inner.fields().get(key)?.type : undefined;
  }, type);
  return found ?? { kind: "anything" };
}

function isJson(value: unknown): value is JsonPatch {
  return markOf(value) === "json";
}

function isStrategic(value: unknown): value is StrategicPatch<unknown> {
  return markOf(value) === "strategic";
}

function markOf(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? (value as { [patchMark]?: unknown })[patchMark]
    : undefined;
}
