import type { Construct } from "constructs";
import { checkKeys } from "./check.ts";
import type { Draft } from "./draft.ts";
import type { Finding } from "./finding.ts";
import { checkPatches, type Manifest, PatchedObject, type UserPatch } from "./manifest.ts";

/** The objects of a construct whose property `patch` names each of them by its id. */
export class PatchedObjects {
  readonly #patches: ReadonlyMap<string, readonly UserPatch[]>;
  readonly #objects: PatchedObject[] = [];

  /** Checks the patches; `known` are the ids of all objects that there may be. */
  constructor(draft: Draft, patch: object = {}, known: readonly string[]) {
    const given = (Object.entries(patch) as readonly (readonly [string, unknown])[]).filter(
      ([, value]) => value !== undefined,
    );
    this.#patches = new Map(
      given.map(([id, value]) => [id, [{ fieldPath: `patch.${id}`, at: [], value }]] as const),
    );
    checkKeys(draft, "patch", patch, known);
    for (const [id, patches] of this.#patches) checkPatches(draft, id, patches);
  }

  /** Makes an object with the patches that name it. */
  add(scope: Construct, id: string, render: () => Manifest): void {
    this.#objects.push(new PatchedObject(scope, id, render, this.#patches.get(id) ?? []));
  }

  /** What of the patches the output does not show. */
  findLost(): readonly Finding[] {
    return this.#objects.flatMap((object) => object.findLostPatches());
  }
}
