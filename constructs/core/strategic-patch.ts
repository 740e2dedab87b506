import { KeelsonError } from "../../errors.ts";
import type { ListType, Type } from "../schema/type.ts";
import { isRecord, isSameJson } from "./json.ts";
import type { Patched } from "./json-patch.ts";

/**
 * A strategic merge patch of a typed object, as `kubectl patch` has it: items of lists are found by the key that the
 * schema names (containers by `name`), `null` removes a field, `$patch` removes or replaces an item or an object.
 */
export type StrategicMerge<T> = T extends readonly (infer Item)[]
  ? readonly StrategicMerge<Item>[]
  : T extends object
    ? { readonly [K in keyof T]?: StrategicMerge<NonNullable<T[K]>> | null } & Directive
    : T;

/** What happens to an item or an object instead of being merged. */
export interface Directive {
  readonly $patch?: "replace" | "delete" | "merge";
}

/**
 * The value after the patch. The given one stays as it is.
 *
 * @throws KeelsonError if the patch does not fit: an item without the key of its list, a directive that there is not
 */
export function applyStrategic(value: unknown, patch: unknown, type: Type): Patched {
  const touched: string[][] = [];
  const result = new Strategic(touched).merge(value, patch, { type, path: [] });
  return { result, touched };
}

interface Place {
  readonly type: Type | undefined;
  readonly path: readonly string[];
}

class Strategic {
  readonly #touched: string[][];

  constructor(touched: string[][]) {
    this.#touched = touched;
  }

  merge(value: unknown, patch: unknown, place: Place): unknown {
    if (isRecord(patch)) return this.#mergeObject(value, patch, place);
    const list = plain(place.type);
    if (Array.isArray(patch) && list?.kind === "list" && list.mergeKey !== undefined) {
      return this.#mergeList(Array.isArray(value) ? (value as unknown[]) : [], patch, {
        ...place,
        type: list,
      });
    }
    this.#touched.push([...place.path]);
    return patch;
  }

  #mergeObject(value: unknown, patch: Readonly<Record<string, unknown>>, place: Place): unknown {
    const { $patch: directive = "merge", ...parts } = patch;
    if (directive === "replace" || !isRecord(value)) {
      this.#touched.push([...place.path]);
      return withoutDirectives(parts, place.path);
    }
    if (directive !== "merge") fail(place.path, `$patch is ${JSON.stringify(directive)} outside of a list`);
    const result = new Map(Object.entries(value));
    for (const [key, part] of Object.entries(parts)) {
      const path = [...place.path, key];
      refuseDirective(key, path);
      if (part === null) {
        this.#touched.push(path);
        result.delete(key);
      } else result.set(key, this.merge(result.get(key), part, { type: fieldType(place.type, key), path }));
    }
    return Object.fromEntries(result);
  }

  #mergeList(
    list: readonly unknown[],
    patch: readonly unknown[],
    place: Place & { type: ListType },
  ): unknown {
    const { mergeKey = ".", item: itemType } = place.type;
    if (mergeKey === ".") {
      this.#touched.push([...place.path]);
      return [...list, ...patch.filter((item) => !list.some((other) => isSameJson(item, other)))];
    }
    if (patch.some((item) => isRecord(item) && item["$patch"] === "replace")) {
      this.#touched.push([...place.path]);
      return patch
        .filter((item) => !isRecord(item) || item["$patch"] !== "replace")
        .map((item) => withoutDirectives(item, place.path));
    }
    let result = [...list];
    for (const item of patch) {
      const key = isRecord(item) ? item[mergeKey] : undefined;
      if (!isRecord(item) || key === undefined)
        return fail(place.path, `an item has no ${mergeKey}, which names it`);
      const index = result.findIndex((other) => isRecord(other) && isSameJson(other[mergeKey], key));
      if (item["$patch"] === "delete") {
        this.#touched.push([...place.path]);
        result = result.filter((_, at) => at !== index);
        continue;
      }
      const at = index === -1 ? result.length : index;
      const path = [...place.path, String(at)];
      result[at] = this.merge(result[at], item, { type: itemType, path });
    }
    return result;
  }
}

function fieldType(type: Type | undefined, key: string): Type | undefined {
  const known = plain(type);
  if (known?.kind === "map") return known.value;
  return known?.kind === "object" ? known.fields().get(key)?.type : undefined;
}

function plain(type: Type | undefined): Type | undefined {
  return type?.kind === "bounded" ? type.type : type;
}

// What is new has nothing to be merged with.
function withoutDirectives(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutDirectives(item, path));
  if (!isRecord(value)) return value;
  const parts = Object.entries(value).filter(([key, part]) => key !== "$patch" && part !== null);
  return Object.fromEntries(
    parts.map(([key, part]) => {
      refuseDirective(key, [...path, key]);
      return [key, withoutDirectives(part, [...path, key])];
    }),
  );
}

function refuseDirective(key: string, path: readonly string[]): void {
  if (key.startsWith("$")) fail(path, "there is no such directive");
}

function fail(path: readonly string[], state: string): never {
  const place = path.join(".");
  throw new KeelsonError(
    "KEELSON_INVALID_CONSTRUCT",
    `Cannot apply a strategic merge patch at "${place}": ${state}`,
  );
}
