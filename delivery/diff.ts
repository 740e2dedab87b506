import { byText, isSameData } from "../clusters/data/stable-json.ts";
import type { KubeObject } from "../kube/object.ts";
import { type Field, isField, omit, without } from "./fields.ts";

/** One field that differs. Values of Secrets are masked. */
export interface FieldChange {
  /** `spec.template.spec.containers[name=web].image`. */
  readonly path: string;
  /** Undefined if it is new. */
  readonly before?: unknown;
  /** Undefined if it goes. */
  readonly after?: unknown;
}

const shown = "[secret]";
const shownBefore = "[secret, before]";
const shownAfter = "[secret, after]";
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** What the server writes by itself; it says nothing of what an object should be. */
const bookkeeping: readonly string[] = [
  "metadata.managedFields",
  "metadata.resourceVersion",
  "metadata.generation",
  "metadata.uid",
  "metadata.creationTimestamp",
  "metadata.selfLink",
  "status",
];

/** Keys by which the items of lists are told apart, the most telling ones first. */
const itemKeys: readonly (readonly string[])[] = [
  ["name"],
  ["containerPort", "protocol"],
  ["port", "protocol"],
  ["port"],
  ["mountPath"],
  ["devicePath"],
  ["topologyKey", "whenUnsatisfiable"],
  ["ip"],
  ["type"],
  ["key"],
  ["uid"],
];

/**
 * The fields in which two states of an object differ, but for the server's own bookkeeping. A missing state is an empty
 * object. What a Secret holds is masked: only that it differs can be seen. Pure.
 */
export function diffObjects(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  { ignore = [] }: { readonly ignore?: readonly (readonly string[])[] } = {},
): readonly FieldChange[] {
  const [left, right] = maskedPair(cleaned(before), cleaned(after));
  const ignored = new Set(ignore.map(pathText));
  return [...changes(left, right, [])]
    .filter(({ path }) => !ignored.has(path))
    .toSorted((a, b) => byText(a.path, b.path));
}

/** One line for each change, as people read it. */
export function formatChanges(changes: readonly FieldChange[]): string {
  return changes
    .map(({ path, before, after }) => {
      if (before === undefined) return `+ ${path}: ${JSON.stringify(after)}`;
      if (after === undefined) return `- ${path}: ${JSON.stringify(before)}`;
      return `~ ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
    })
    .join("\n");
}

/** The secret texts that an object carries, to be masked wherever they turn up. */
export function secretsIn(object: KubeObject): readonly string[] {
  if (!isSecret(object)) return [];
  const texts = (value: unknown): readonly string[] =>
    isField(value) ? Object.values(value).filter((each) => typeof each === "string") : [];
  const encoded = texts(object["data"]);
  return [
    ...encoded,
    ...encoded.map((each) => Buffer.from(each, "base64").toString()),
    ...texts(object["stringData"]),
  ];
}

function* changes(before: unknown, after: unknown, path: readonly string[]): Generator<FieldChange> {
  if (isSameData(before, after)) return;
  const parts = partsOf(before, after);
  if (parts === undefined) {
    yield {
      path: pathText(path),
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    };
    return;
  }
  for (const name of new Set([...parts.before.keys(), ...parts.after.keys()])) {
    yield* changes(parts.before.get(name), parts.after.get(name), [...path, name]);
  }
}

/** The parts by which two values are compared: fields, or items with keys. Undefined if they are compared as a whole. */
function partsOf(before: unknown, after: unknown): Parts | undefined {
  if (Array.isArray(before) && Array.isArray(after)) return keyed(before, after);
  // An object that comes or goes is shown field by field, so that no value of it hides in another.
  const [left, right] = [before ?? {}, after ?? {}];
  if (!isField(left) || !isField(right)) return undefined;
  const parts = { before: new Map(Object.entries(left)), after: new Map(Object.entries(right)) };
  return parts.before.size + parts.after.size === 0 ? undefined : parts;
}

interface Parts {
  readonly before: ReadonlyMap<string, unknown>;
  readonly after: ReadonlyMap<string, unknown>;
}

/** Both lists by the key of their items; undefined if some items have no key, or the same one. */
function keyed(before: readonly unknown[], after: readonly unknown[]): Parts | undefined {
  for (const names of itemKeys) {
    const [left, right] = [byKeys(before, names), byKeys(after, names)];
    // Where only the order differs, the order is the difference.
    if (left === undefined || right === undefined) continue;
    return isSameData([...left.values()].sort(byJson), [...right.values()].sort(byJson))
      ? undefined
      : { before: left, after: right };
  }
  return undefined;
}

function byKeys(
  items: readonly unknown[],
  names: readonly string[],
): ReadonlyMap<string, unknown> | undefined {
  const map = new Map<string, unknown>();
  for (const item of items) {
    if (!isField(item) || !(String(names[0]) in item)) return undefined;
    map.set(
      `[${names
        .filter((name) => name in item)
        .map((name) => `${name}=${String(item[name])}`)
        .join(",")}]`,
      item,
    );
  }
  return map.size === items.length ? map : undefined;
}

function byJson(left: unknown, right: unknown): number {
  return byText(JSON.stringify(left), JSON.stringify(right));
}

function pathText(path: readonly string[]): string {
  return path
    .map((name, index) => {
      if (name.startsWith("[")) return name;
      if (/[.[\]/]/u.test(name)) return `["${name}"]`;
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

function cleaned(object: KubeObject | undefined): Field {
  return bookkeeping.reduce<Field>((rest, path) => without(rest, path), object ?? {});
}

function isSecret({ apiVersion, kind }: Field): boolean {
  return apiVersion === "v1" && kind === "Secret";
}

function maskedPair(before: Field, after: Field): readonly [Field, Field] {
  if (!isSecret(before) && !isSecret(after)) return [before, after];
  const fields = ["data", "stringData"].map((name) => {
    const [left, right] = [before[name], after[name]];
    return { name, left: maskedData(left, right, shownBefore), right: maskedData(right, left, shownAfter) };
  });
  const pick = (object: Field, side: "left" | "right"): Field => ({
    ...withoutLastApplied(object),
    ...Object.fromEntries(fields.filter(({ name }) => name in object).map((each) => [each.name, each[side]])),
  });
  return [pick(before, "left"), pick(after, "right")];
}

function maskedData(data: unknown, other: unknown, changed: string): unknown {
  if (!isField(data)) return data === undefined || data === null ? data : shown;
  const others = isField(other) ? other : {};
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      key in others && others[key] !== value ? changed : shown,
    ]),
  );
}

/** kubectl keeps a copy of what it applied, values included. */
function withoutLastApplied(object: Field): Field {
  const { metadata } = object;
  if (!isField(metadata) || !isField(metadata["annotations"])) return object;
  const annotations = omit(metadata["annotations"], lastApplied);
  return { ...object, metadata: { ...metadata, annotations } };
}
