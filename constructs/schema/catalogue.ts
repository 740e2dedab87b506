import { definitions, kinds, lifecycles, minors } from "../kubernetes/schema.ts";
import { readFields } from "./notation.ts";
import type { Field, ObjectType } from "./type.ts";

/** A minor version of Kubernetes whose schemas are known. */
export type Minor = (typeof minors)[number];

/** The minor version that is meant if nothing else is said. */
export const defaultMinor: Minor = "1.35";

/** A kind of object. */
export interface KindSchema {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly type: ObjectType;
}

/** When an API leaves, as minors of version 1. */
export interface Lifecycle {
  readonly deprecated: number;
  /** Infinity if nobody has said. */
  readonly removed: number;
  /** The API to use instead, `apiVersion Kind`; empty if there is none. */
  readonly replacement: string;
}

/** What one minor version of Kubernetes knows. Reads of it only what is asked for. */
export class Catalogue {
  readonly minor: Minor;
  readonly #kinds: ReadonlyMap<string, string>;
  readonly #definitions: ReadonlyMap<string, string>;
  readonly #fields = new Map<string, ReadonlyMap<string, Field>>();

  constructor(minor: Minor) {
    this.minor = minor;
    this.#kinds = linesOf(kinds, minor, 2);
    this.#definitions = linesOf(definitions, minor, 1);
  }

  /** The schema of a kind; undefined if this version does not serve it. */
  find(apiVersion: string, kind: string): KindSchema | undefined {
    const line = this.#kinds.get(`${apiVersion} ${kind}`);
    if (line === undefined) return undefined;
    const [, , definition = "", scope] = line.split(" ");
    const type: ObjectType = { kind: "object", fields: () => this.#fieldsOf(definition), isOpen: false };
    return { apiVersion, kind, namespaced: scope === "namespaced", type };
  }

  /** Every kind as `apiVersion Kind`. */
  get kinds(): readonly string[] {
    return [...this.#kinds.keys()];
  }

  #fieldsOf(definition: string): ReadonlyMap<string, Field> {
    const known = this.#fields.get(definition);
    if (known !== undefined) return known;
    const line = this.#definitions.get(definition) ?? definition;
    const fields = readFields(line, (name) => this.#fieldsOf(name));
    this.#fields.set(definition, fields);
    return fields;
  }
}

/** The catalogue of a minor; for one that is not known, that of the nearest known one. */
export function catalogueOf(minor: string): Catalogue {
  const nearest = nearestMinor(minor);
  const known = catalogues.get(nearest);
  if (known !== undefined) return known;
  const catalogue = new Catalogue(nearest);
  catalogues.set(nearest, catalogue);
  return catalogue;
}

/** When an API leaves Kubernetes; undefined if nothing is planned. */
export function lifecycleOf(apiVersion: string, kind: string): Lifecycle | undefined {
  allLifecycles ??= new Map(
    lifecycles
      .trim()
      .split("\n")
      .map((line) => {
        const [api = "", deprecated, removed, replacement = ""] = line.split("|");
        return [api, { deprecated: Number(deprecated), removed: Number(removed || Infinity), replacement }];
      }),
  );
  return allLifecycles.get(`${apiVersion} ${kind}`);
}

const catalogues = new Map<Minor, Catalogue>();
let allLifecycles: ReadonlyMap<string, Lifecycle> | undefined;

function nearestMinor(minor: string): Minor {
  const number = Number(minor.split(".")[1]);
  return minors.findLast((known) => Number(known.split(".")[1]) <= number) ?? minors[0];
}

/** The lines that hold for a minor, by their first words. */
function linesOf(text: string, minor: Minor, words: number): ReadonlyMap<string, string> {
  const lines = text
    .trim()
    .split("\n")
    .flatMap((line) => {
      if (!line.startsWith("(")) return [line];
      const end = line.indexOf(")");
      return line.slice(1, end).split(",").includes(minor) ? [line.slice(end + 2)] : [];
    });
  return new Map(lines.map((line) => [line.split(" ", words).join(" "), line]));
}
