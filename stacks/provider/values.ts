/** A property's value: JSON, and the two things that Pulumi adds to it. */
export type Value = null | boolean | number | string | readonly Value[] | ValueRecord | Secret | Unknown;

export interface ValueRecord {
  readonly [key: string]: Value;
}

/** JSON as it travels between the engine and the provider. */
export type Wire = null | boolean | number | string | readonly Wire[] | { readonly [key: string]: Wire };

/** A value that is encrypted in state and hidden in every display. */
export class Secret {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** A value that a preview cannot know. */
export class Unknown {
  readonly #brand = "unknown";

  /** For messages. */
  toString(): string {
    return this.#brand;
  }
}

/** The one unknown value. */
export const unknown = new Unknown();

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknownSentinels = new Set([
  unknownString,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Reads a value off the wire. The dependencies of an output value are dropped: a resource has no use for them. */
export function unwrap(wire: Wire): Value {
  if (typeof wire === "string") return unknownSentinels.has(wire) ? unknown : wire;
  if (wire === null || typeof wire !== "object") return wire;
  if (isList(wire)) return wire.map(unwrap);
  if (wire[signatureKey] === secretSignature) return new Secret(unwrap(wire["value"] ?? null));
  if (wire[signatureKey] === outputSignature) {
    const value = wire["value"] === undefined ? unknown : unwrap(wire["value"]);
    return wire["secret"] === true ? new Secret(value) : value;
  }
  return mapRecord(wire, unwrap);
}

/** Writes a value for the wire. */
export function wrap(value: Value): Wire {
  if (value instanceof Unknown) return unknownString;
  if (value instanceof Secret) return { [signatureKey]: secretSignature, value: wrap(value.value) };
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.map(wrap);
  return mapRecord(value, wrap);
}

/** The value without its secret marks. An unknown property is left out, an unknown list item becomes undefined. */
export function reveal(value: Value): unknown {
  if (value instanceof Unknown) return undefined;
  if (value instanceof Secret) return reveal(value.value);
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.map(reveal);
  const known = Object.entries(value).filter(([, item]) => !(peel(item) instanceof Unknown));
  return Object.fromEntries(known.map(([key, item]) => [key, reveal(item)]));
}

/** Turns plain data into a value: undefined properties are left out. */
export function toValue(plain: unknown): Value {
  if (plain instanceof Secret || plain instanceof Unknown) return plain;
  if (plain === undefined || plain === null) return null;
  if (typeof plain === "string" || typeof plain === "boolean" || typeof plain === "number") return plain;
  if (Array.isArray(plain)) return plain.map(toValue);
  if (typeof plain !== "object") throw new TypeError(`Cannot store a ${typeof plain}: it is not data`);
  const given = Object.entries(plain).filter(([, item]) => item !== undefined);
  return Object.fromEntries(given.map(([key, item]) => [key, toValue(item)]));
}

/** The value below its secret marks. */
export function peel(value: Value | undefined): Exclude<Value, Secret> | undefined {
  let inner = value;
  while (inner instanceof Secret) inner = inner.value;
  return inner;
}

/** Whether anything in the value is unknown. */
export function hasUnknown(value: Value | undefined): boolean {
  const inner = peel(value);
  if (inner instanceof Unknown) return true;
  if (inner === undefined || inner === null || typeof inner !== "object") return false;
  return Object.values(inner).some((item: Value) => hasUnknown(item));
}

/** Every text inside a secret mark: what no log may show. */
export function secretTexts(value: Value): string[] {
  return texts(value).flatMap(([text, isSecret]) => (isSecret ? [text] : []));
}

/** Every text outside a secret mark. */
export function openTexts(value: Value): string[] {
  return texts(value).flatMap(([text, isSecret]) => (isSecret ? [] : [text]));
}

/** True for a certificate or a public key, which anybody may see. */
export function isPublicPem(text: string): boolean {
  return /-----BEGIN (CERTIFICATE|PUBLIC KEY)-----/.test(text) && !text.includes("PRIVATE KEY");
}

/** True for a value that has named properties. */
export function isRecord(value: Value | undefined): value is ValueRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    !isList(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown)
  );
}

/** True for a list; unlike Array.isArray it narrows a readonly one. */
export function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

function texts(value: Value, isSecret = false): [string, boolean][] {
  if (value instanceof Secret) return texts(value.value, true);
  if (typeof value === "string") return value === "" ? [] : [[value, isSecret]];
  if (value === null || typeof value !== "object" || value instanceof Unknown) return [];
  return Object.values(value).flatMap((item: Value) => texts(item, isSecret));
}

function mapRecord<From, To>(
  record: Readonly<Record<string, From>>,
  convert: (item: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, convert(item)]));
}
