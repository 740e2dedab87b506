import { byText } from "../clusters/data/stable-json.ts";
import type { Problem } from "../errors.ts";
import type { KubeObject } from "../kube/object.ts";
import { groupOf, idText, keyOf } from "./object-id.ts";

/** Objects that may be applied at once, after everything of the stages before. */
export interface Stage {
  readonly objects: readonly KubeObject[];
  /** The objects that must be Current before the next stage begins. */
  readonly awaited: readonly KubeObject[];
}

/** The annotation with which an object names others, with commas between, that must be Current before it is applied. */
export const dependsOnAnnotation = "config.kubernetes.io/depends-on";

/**
 * The stages in which objects are applied: definitions, then namespaces, what others refer to, the rest, and webhooks
 * last, since they may stand in the way of everything else. An object comes after what it depends on. Pure; the order
 * of the input does not matter. Dependencies that lead nowhere or in a circle are problems of `dependencyProblems`.
 */
export function orderObjects(objects: readonly KubeObject[]): readonly Stage[] {
  const byKey = new Map(objects.map((object) => [keyOf(object), object]));
  const places = placesOf(byKey);
  const needed = new Set(objects.flatMap((object) => dependenciesOf(object)));
  const stages = Map.groupBy(objects, (object) => places.get(keyOf(object)) ?? "");
  return [...stages]
    .sort(([left], [right]) => byText(left, right))
    .map(([, members]) => {
      const sorted = members.toSorted((left, right) => byText(keyOf(left), keyOf(right)));
      return {
        objects: sorted,
        awaited: sorted.filter((each) => isDefinition(each) || needed.has(keyOf(each))),
      };
    });
}

/** The order in which objects are deleted: the reverse, so that nothing loses what it depends on. Pure. */
export function deletionOrder(objects: readonly KubeObject[]): readonly (readonly KubeObject[])[] {
  return orderObjects(objects)
    .map((stage) => stage.objects)
    .toReversed();
}

/** What is wrong with the dependencies of these objects. Pure. */
export function dependencyProblems(objects: readonly KubeObject[]): readonly Problem[] {
  const byKey = new Map(objects.map((object) => [keyOf(object), object]));
  return objects.flatMap((object) => {
    const where = keyOf(object);
    const missing = dependenciesOf(object).filter((key) => !byKey.has(key));
    const circle = missing.length === 0 && reaches(byKey, object, where) ? ["itself, in a circle"] : [];
    return [...missing.map((key) => `${key}, which is not in the set`), ...circle].map((what) => ({
      code: "KEELSON_INVALID_INPUT" as const,
      where,
      message: `it depends on ${what}`,
      fix: `Correct the annotation ${dependsOnAnnotation}`,
    }));
  });
}

/** What an object waits for, as `apps/Deployment shop/web`. The annotation's own form is `group/[namespaces/ns/]Kind/name`. */
export function dependenciesOf({ metadata }: KubeObject): readonly string[] {
  const list = metadata.annotations?.[dependsOnAnnotation] ?? "";
  return list
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((reference) => {
      const parts = reference.split("/");
      const [group = "", second = "", third = "", kind = "", name = ""] = parts;
      if (parts.length === 3) return idText({ group, kind: second, name: third });
      return parts.length === 5 && second === "namespaces"
        ? idText({ group, kind, name, namespace: third })
        : `"${reference}"`;
    });
}

const ranks: readonly (readonly string[])[] = [
  ["apiextensions.k8s.io/CustomResourceDefinition"],
  ["Namespace"],
  [
    "ResourceQuota",
    "LimitRange",
    "scheduling.k8s.io/PriorityClass",
    "storage.k8s.io/StorageClass",
    "node.k8s.io/RuntimeClass",
    "networking.k8s.io/IngressClass",
    "networking.k8s.io/NetworkPolicy",
  ],
  [
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "rbac.authorization.k8s.io/ClusterRole",
    "rbac.authorization.k8s.io/Role",
  ],
  ["rbac.authorization.k8s.io/ClusterRoleBinding", "rbac.authorization.k8s.io/RoleBinding"],
  ["Service", "policy/PodDisruptionBudget"],
  [],
  ["networking.k8s.io/Ingress", "autoscaling/HorizontalPodAutoscaler"],
  ["apiregistration.k8s.io/APIService"],
  [
    "admissionregistration.k8s.io/MutatingWebhookConfiguration",
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  ],
];
const ordinary = ranks.findIndex((kinds) => kinds.length === 0);
const rankByKind = new Map(ranks.flatMap((kinds, rank) => kinds.map((kind) => [kind, rank] as const)));

function rankOf({ apiVersion, kind }: KubeObject): number {
  const group = groupOf(apiVersion);
  return rankByKind.get(group === "" ? kind : `${group}/${kind}`) ?? ordinary;
}

function isDefinition(object: KubeObject): boolean {
  return rankOf(object) === 0;
}

/** A place is text that sorts: the rank of the kind, and how many of the same rank it waits for in a row. */
function placesOf(byKey: ReadonlyMap<string, KubeObject>): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  const place = (key: string, object: KubeObject): string => {
    const known = places.get(key);
    if (known !== undefined) return known;
    const own = placeText(rankOf(object), 0);
    // Until it is known: a circle must end.
    places.set(key, own);
    const after = dependenciesOf(object).flatMap((each) => {
      const other = byKey.get(each);
      return other === undefined ? [] : [next(place(each, other))];
    });
    const last = [own, ...after].sort(byText).at(-1) ?? own;
    places.set(key, last);
    return last;
  };
  for (const [key, object] of byKey) place(key, object);
  return places;
}

function placeText(rank: number, depth: number): string {
  return `${String(rank).padStart(2, "0")} ${String(depth).padStart(6, "0")}`;
}

function next(place: string): string {
  const [rank, depth] = place.split(" ").map(Number);
  return placeText(rank ?? 0, (depth ?? 0) + 1);
}

function reaches(byKey: ReadonlyMap<string, KubeObject>, from: KubeObject, target: string): boolean {
  const seen = new Set<string>();
  const queue = [...dependenciesOf(from)];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (key === target) return true;
    const object = byKey.get(key);
    if (object === undefined || seen.has(key)) continue;
    seen.add(key);
    queue.push(...dependenciesOf(object));
  }
  return false;
}
