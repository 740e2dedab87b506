import { ApiObject, Lazy } from "cdk8s";
import type { Construct } from "constructs";
import type { ObjectMeta } from "../kubernetes/types.ts";
import { KeelsonError } from "../../errors.ts";
import { catalogueOf } from "../schema/catalogue.ts";
import type { Draft } from "./draft.ts";
import { findAt } from "./exceptions.ts";
import type { Finding } from "./finding.ts";
import { findUnrenderable, isStrangeKey } from "./json.ts";
import type { Patched } from "./json-patch.ts";
import type { PlacedPatch } from "./patch.ts";
import { profileOf } from "./profile.ts";
import { tellManifest } from "./rendered.ts";
import { applyAny, findHidden, targetsOf } from "./user-patch.ts";

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
  readonly #scope: Construct;
  readonly #render: () => Manifest;
  readonly #patches: readonly UserPatch[];

  /** `render` is called again at synthesis, so that it may depend on the finished tree; its metadata may not. */
  constructor(scope: Construct, id: string, render: () => Manifest, patches: readonly UserPatch[]) {
    this.#scope = scope;
    this.#render = render;
    this.#patches = patches;
    const { apiVersion, kind, metadata, ...rest } = this.#patched();
    const parts = Object.keys(rest).map((key): [string, unknown] => [
      key,
      Lazy.any({ produce: () => valueOf(this.#patched(), key) }),
    ]);
    this.object = new ApiObject(scope, id, {
      ...Object.fromEntries(parts),
      apiVersion,
      kind,
      ...(metadata && { metadata: mutable(metadata) }),
    });
    tellManifest(this.object, () => this.#patched());
    // It puts objects of the whole cluster into the chart's namespace, where there are none of them.
    if (catalogueOf(profileOf(scope).kubernetes).find(apiVersion, kind)?.namespaced === false) {
      Object.defineProperty(this.object.metadata, "namespace", { value: undefined });
    }
  }

  /** What of the patches does not fit or show in the output: the escape hatch never drops anything in silence. */
  findLostPatches(): readonly Finding[] {
    if (this.#patches.length === 0) return [];
    const rendered: unknown = this.object.toJson();
    return this.#steps().flatMap(({ patch, made, error }) => {
      if (made === undefined) {
        const flaw = { message: error.message, fix: "Correct the patch" };
        return [findAt(this.#scope, "patch-failed", patch.fieldPath, flaw)];
      }
      return findHidden(rendered, patch, made).map((path) =>
        findAt(this.#scope, "patch-lost", path === "" ? patch.fieldPath : `${patch.fieldPath}.${path}`, {
          message: "the output does not show the value",
          fix: "Another patch, or cdk8s itself, overrides it: remove one of the two",
        }),
      );
    });
  }

  #patched(): Manifest {
    const last = this.#steps().findLast(({ made }) => made !== undefined);
    return last?.made === undefined ? this.#render() : (last.made.result as Manifest);
  }

  /** Each patch, with what it makes of what the ones before it made; one that does not fit changes nothing. */
  #steps(): readonly Step[] {
    const base = this.#render();
    const type = catalogueOf(profileOf(this.#scope).kubernetes).find(base.apiVersion, base.kind)?.type;
    let current: unknown = base;
    return this.#patches.map((patch) => {
      try {
        const made = applyAny(current, patch, type);
        current = made.result;
        return { patch, made };
      } catch (error) {
        if (!KeelsonError.is(error)) throw error;
        return { patch, error };
      }
    });
  }
}

type Step =
  | { readonly patch: UserPatch; readonly made: Patched; readonly error?: undefined }
  | { readonly patch: UserPatch; readonly made?: undefined; readonly error: KeelsonError };

/** Checks patches before they are applied, and leaves the defaults out that they override. */
export function checkPatches(draft: Draft, kind: string, patches: readonly UserPatch[]): void {
  for (const { fieldPath, at, value } of patches) {
    const targets = targetsOf(value);
    const broken = findBroken(targets, fieldPath);
    if (broken !== undefined) {
      draft.find("invalid-value", broken, {
        message: "the value cannot be rendered",
        fix: "Use text, finite numbers, booleans, lists and plain objects without keys named constructor or __proto__; null removes",
      });
      continue;
    }
    for (const [path] of targets) {
      const target = [...at, ...path].join(".");
      if (/^(|metadata|apiVersion|kind|metadata\.(name|namespace))$/.test(target)) {
        draft.find("invalid-value", [fieldPath, ...path].join("."), {
          message: "a patch cannot change what names the object",
          fix: "Use the name property, or the chart's namespace",
        });
      }
      draft.override(`${kind}.${target}`);
    }
  }
}

function findBroken(
  targets: readonly (readonly [readonly string[], unknown])[],
  fieldPath: string,
): string | undefined {
  for (const [path, value] of targets) {
    const place = [fieldPath, ...path];
    const strange = place.findIndex(isStrangeKey);
    if (strange !== -1) return place.slice(0, strange + 1).join(".");
    const broken = findUnrenderable(value, place.join("."));
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function valueOf(manifest: Manifest, key: string): unknown {
  return (manifest as unknown as Readonly<Record<string, unknown>>)[key];
}

// cdk8s deletes from, and so must own, the metadata that it is given.
function mutable(metadata: ObjectMeta): Record<string, unknown> {
  return { ...metadata };
}
