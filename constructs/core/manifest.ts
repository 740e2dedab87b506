import { ApiObject, Lazy } from "cdk8s";
import type { Construct } from "constructs";
import type { ObjectMeta } from "../kubernetes/types.ts";
import type { Draft } from "./draft.ts";
import type { Finding } from "./finding.ts";
import { findUnrenderable, leavesOf } from "./json.ts";
import { applyPatch, findLost, type PlacedPatch } from "./patch.ts";

/** A Kubernetes object as it is written down. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: ObjectMeta;
}

/** A patch of the user, with the property that it was given in. */
export interface UserPatch extends PlacedPatch {
  /** The property, `patch.deployment` for example. */
  readonly fieldPath: string;
}

/** A manifest in the tree, with the user's patches on top. */
export class PatchedObject {
  readonly object: ApiObject;
  readonly #patches: readonly UserPatch[];

  /** `render` is called again at synthesis, so that it may depend on the finished tree; its metadata may not. */
  constructor(scope: Construct, id: string, render: () => Manifest, patches: readonly UserPatch[]) {
    this.#patches = patches;
    const patched = (): Manifest => patches.reduce<unknown>(applyPatch, render()) as Manifest;
    const { apiVersion, kind, metadata, ...rest } = patched();
    const parts = Object.keys(rest).map((key): [string, unknown] => [
      key,
      Lazy.any({ produce: () => valueOf(patched(), key) }),
    ]);
    this.object = new ApiObject(scope, id, {
      ...Object.fromEntries(parts),
      apiVersion,
      kind,
      ...(metadata && { metadata: mutable(metadata) }),
    });
  }

  /** What of the patches does not show in the output: the escape hatch never drops anything in silence. */
  findLostPatches(): readonly Finding[] {
    if (this.#patches.length === 0) return [];
    const rendered: unknown = this.object.toJson();
    return this.#patches.flatMap((patch) =>
      findLost(rendered, patch).map((path) => ({
        code: "patch-lost",
        severity: "error",
        constructPath: this.object.node.scope?.node.path ?? "",
        fieldPath: `${patch.fieldPath}.${path}`,
        message: "the output does not show the value",
        fix: "Another patch, or cdk8s itself, overrides it: remove one of the two",
      })),
    );
  }
}

/** Checks patches before they are applied, and leaves the defaults out that they override. */
export function checkPatches(draft: Draft, kind: string, patches: readonly UserPatch[]): void {
  for (const { fieldPath, at, value } of patches) {
    const broken = findUnrenderable(value, fieldPath);
    if (broken !== undefined) {
      draft.find("invalid-value", broken, {
        message: "the value cannot be rendered",
        fix: "Use text, finite numbers, booleans, lists and plain objects without a key named constructor; null removes",
      });
      continue;
    }
    for (const [path] of leavesOf(value)) {
      const target = [...at, ...path].join(".");
      if (/^(apiVersion|kind|metadata\.(name|namespace))$/.test(target)) {
        draft.find("invalid-value", [fieldPath, ...path].join("."), {
          message: "a patch cannot change what names the object",
          fix: "Use the name property, or the chart's namespace",
        });
      }
      draft.override(`${kind}.${target}`);
    }
  }
}

function valueOf(manifest: Manifest, key: string): unknown {
  return (manifest as unknown as Readonly<Record<string, unknown>>)[key];
}

// cdk8s deletes from, and so must own, the metadata that it is given.
function mutable(metadata: ObjectMeta): Record<string, unknown> {
  return { ...metadata };
}
