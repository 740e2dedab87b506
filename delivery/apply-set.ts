import { createHash } from "node:crypto";
import { byText } from "../clusters/data/stable-json.ts";
import { KeelsonError } from "../errors.ts";
import type { KubeObject } from "../kube/object.ts";
import { type GroupKind, groupKindText, parseGroupKind } from "./object-id.ts";

const prefix = "applyset.kubernetes.io";
const idLabel = `${prefix}/id`;
const toolingAnnotation = `${prefix}/tooling`;
const kindsAnnotation = `${prefix}/contains-group-kinds`;
const namespacesAnnotation = `${prefix}/additional-namespaces`;
const releaseAnnotation = "keelson.dev/release";
const tool = "keelson";
/** The version is that of what keelson writes, not of keelson. */
const tooling = `${tool}/v1`;

/** The label that makes an object a member of a set. */
export const partOfLabel = `${prefix}/part-of`;

/** Names the Secret that is the parent of an ApplySet: the inventory of one app on one cluster. */
export interface Inventory {
  readonly name: string;
  readonly namespace: string;
}

/** What the parent says of its set: where members may be, and which release was applied as a whole. */
export interface SetRecord {
  /** The kinds that members may have, as `Deployment.apps`. */
  readonly kinds: ReadonlySet<string>;
  /** The namespaces that members may be in, the parent's own included. */
  readonly namespaces: ReadonlySet<string>;
  /** Digest of the last release that was applied and pruned to its end; empty if none was. */
  readonly release: string;
}

/** The id of a set by KEP-3659, which members carry as a label: it follows from the parent's name alone. */
export function setId({ name, namespace }: Inventory): string {
  const hash = createHash("sha256").update(`${name}.${namespace}.Secret.`).digest("base64url");
  return `applyset-${hash}-v1`;
}

/** The API path of a set's parent. */
export function parentPath({ name, namespace }: Inventory): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
}

/** The parent as it is applied; with a resource version, the server refuses if another run has changed it meanwhile. */
export function parentObject(inventory: Inventory, record: SetRecord, resourceVersion?: string): KubeObject {
  const { name, namespace } = inventory;
  const others = [...record.namespaces].filter((each) => each !== namespace);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace,
      ...(resourceVersion !== undefined && { resourceVersion }),
      labels: { [idLabel]: setId(inventory) },
      annotations: {
        [toolingAnnotation]: tooling,
        [kindsAnnotation]: [...record.kinds].sort(byText).join(","),
        [namespacesAnnotation]: others.sort(byText).join(","),
        [releaseAnnotation]: record.release,
      },
    },
  };
}

/**
 * Reads a parent; nothing to read is an empty set.
 *
 * @throws KeelsonError KEELSON_OBJECT_FOREIGN if the Secret is no parent, or another tool's
 */
export function readParent(inventory: Inventory, parent: KubeObject | undefined): SetRecord {
  const own = new Set([inventory.namespace]);
  if (parent === undefined) return { kinds: new Set(), namespaces: own, release: "" };
  const { labels = {}, annotations = {} } = parent.metadata;
  const maker = annotations[toolingAnnotation] ?? "";
  if (labels[idLabel] !== setId(inventory)) throw foreign(inventory, "is not the parent of an ApplySet");
  if (maker.slice(0, maker.lastIndexOf("/")) !== tool) {
    throw foreign(
      inventory,
      `is the parent of an ApplySet of ${maker === "" ? "no known tool" : `"${maker}"`}`,
    );
  }
  return {
    kinds: new Set(split(annotations[kindsAnnotation])),
    namespaces: new Set([...own, ...split(annotations[namespacesAnnotation])]),
    release: annotations[releaseAnnotation] ?? "",
  };
}

/** Everything that either record speaks of; the release is the one that was whole before. */
export function widened(before: SetRecord, wanted: Omit<SetRecord, "release">): SetRecord {
  return {
    kinds: new Set([...before.kinds, ...wanted.kinds]),
    namespaces: new Set([...before.namespaces, ...wanted.namespaces]),
    release: before.release,
  };
}

/** Whether two records say the same. */
export function isSameRecord(left: SetRecord, right: SetRecord): boolean {
  return (
    left.release === right.release &&
    isSame(left.kinds, right.kinds) &&
    isSame(left.namespaces, right.namespaces)
  );
}

/** The kinds of a record. */
export function kindsOf({ kinds }: Pick<SetRecord, "kinds">): readonly GroupKind[] {
  return [...kinds].map(parseGroupKind);
}

/** Where members of these kinds and namespaces may be. */
export function scopeOf(
  inventory: Inventory,
  members: readonly (GroupKind & { namespace?: string })[],
): Omit<SetRecord, "release"> {
  const namespaces = members.flatMap(({ namespace }) => (namespace === undefined ? [] : [namespace]));
  return {
    kinds: new Set(members.map(groupKindText)),
    namespaces: new Set([inventory.namespace, ...namespaces]),
  };
}

function isSame(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((each) => right.has(each));
}

function split(list = ""): readonly string[] {
  return list === "" ? [] : list.split(",");
}

function foreign({ name, namespace }: Inventory, what: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_OBJECT_FOREIGN",
    `Cannot use the inventory "${namespace}/${name}": the Secret of that name ${what}`,
    { fix: "Choose another name for the inventory, or remove what uses this one with its own tool" },
  );
}
