import { byText, stableJson } from "../../clusters/data/stable-json.ts";
import type { KubeObject } from "../../kube/object.ts";
import { keyOf } from "../object-id.ts";
import type { Seal } from "./seal.ts";

/** Where the values of a Secret are while it is in the store. */
const sealedField = "sealed";
const secretFields = ["data", "stringData"] as const;

/** The objects of a release as they lie in the store. */
interface Stored {
  readonly version: 1;
  readonly objects: readonly KubeObject[];
}

/**
 * The text of a release: the same for the same objects in whatever order. What Secrets hold is sealed in it, their names
 * and keys of metadata are not. Pure.
 */
export function writeRelease(objects: readonly KubeObject[], seal: Seal): string {
  const all = objects.map((object) => sealObject(object, seal));
  const sorted = all
    .map((object) => ({ object, text: `${keyOf(object)} ${stableJson(object)}` }))
    .sort((left, right) => byText(left.text, right.text));
  const stored: Stored = { version: 1, objects: sorted.map(({ object }) => object) };
  return stableJson(stored);
}

/** The objects of a release; undefined if another key has sealed it, or if it is of another version. Pure. */
export function readRelease(text: string, seal: Seal): readonly KubeObject[] | undefined {
  const { version, objects } = JSON.parse(text) as Partial<Stored>;
  if (version !== 1 || objects === undefined) return undefined;
  const opened = objects.map((object) => openObject(object, seal));
  return opened.every((object) => object !== undefined) ? opened : undefined;
}

function sealObject(object: KubeObject, seal: Seal): KubeObject {
  if (!isSecret(object)) return object;
  const entries = Object.entries(object);
  const hidden = entries.filter(([key]) => isHidden(key));
  if (hidden.length === 0) return object;
  const open = Object.fromEntries(entries.filter(([key]) => !isHidden(key))) as KubeObject;
  const text = stableJson(Object.fromEntries(hidden));
  return { ...open, [sealedField]: seal.close(text, placeOf(object)) };
}

function openObject(object: KubeObject, seal: Seal): KubeObject | undefined {
  const { [sealedField]: sealed, ...open } = object;
  if (!isSecret(object) || typeof sealed !== "string") return object;
  const text = seal.open(sealed, placeOf(object));
  return text === undefined ? undefined : { ...(open as KubeObject), ...(JSON.parse(text) as object) };
}

function isSecret({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === "v1" && kind === "Secret";
}

function isHidden(key: string): boolean {
  return secretFields.some((field) => field === key);
}

function placeOf(object: KubeObject): string {
  return `object ${keyOf(object)}`;
}
