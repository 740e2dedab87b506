import type { UserPatch } from "../core/manifest.ts";
import type { WebServicePatch } from "./props.ts";

/** The objects of a web service, and the ids of their constructs. */
export const objectKinds = [
  "serviceAccount",
  "secret",
  "networkPolicy",
  "service",
  "deployment",
  "podDisruptionBudget",
] as const;

export type ObjectKind = (typeof objectKinds)[number];

/** The user's patches of one object, in the order in which they apply. */
export function patchesOf(patch: WebServicePatch | undefined, kind: ObjectKind): readonly UserPatch[] {
  return parts
    .filter(([, target]) => target === kind)
    .map(([key, , at]) => ({ fieldPath: `patch.${key}`, at, value: patch?.[key] }))
    .filter(({ value }) => value !== undefined);
}

const podSpec = ["spec", "template", "spec"];
const parts: readonly (readonly [keyof WebServicePatch, ObjectKind, readonly string[]])[] = [
  ["container", "deployment", [...podSpec, "containers", "0"]],
  ["pod", "deployment", podSpec],
  ["deployment", "deployment", []],
  ["service", "service", []],
  ["serviceAccount", "serviceAccount", []],
  ["networkPolicy", "networkPolicy", []],
  ["podDisruptionBudget", "podDisruptionBudget", []],
];
