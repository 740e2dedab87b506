import type { KubeObject } from "../../kube/object.ts";
import { sha256 } from "../view.ts";

/** The annotation that tells what was sent last: fields that are sent no more change nothing else. */
export const digestAnnotation = "keelson.dev/digest";

/** The label by which the cluster's own objects are listed. */
export const ownLabel = { "app.kubernetes.io/managed-by": "keelson" } as const;

/** The object with the digest of its content and the label of the cluster's own. */
export function marked(object: KubeObject): KubeObject {
  const digest = sha256(JSON.stringify(object)).slice(0, 16);
  const annotations = { ...object.metadata.annotations, [digestAnnotation]: digest };
  const labels = { ...object.metadata.labels, ...ownLabel };
  return { ...object, metadata: { ...object.metadata, labels, annotations } };
}

/** Whether the live object has everything that is wanted of it; defaults and others' fields do not count. */
export function isAsWanted(wanted: unknown, live: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) &&
      wanted.length === live.length &&
      wanted.every((item, index) => isAsWanted(item, live[index]))
    );
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof live !== "object" || live === null) return isEmpty(wanted) && live === undefined;
    const fields = new Map<string, unknown>(Object.entries(live));
    return Object.entries(wanted).every(([key, value]) => isAsWanted(value, fields.get(key)));
  }
  // An empty text is what the API leaves out.
  return wanted === live || (wanted === "" && live === undefined);
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
