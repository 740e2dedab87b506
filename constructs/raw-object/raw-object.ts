import type { ApiObject } from "cdk8s";
import { Construct } from "constructs";
import { checkExceptions } from "../core/check.ts";
import { Draft } from "../core/draft.ts";
import type { Exception } from "../core/finding.ts";
import { reportDraft } from "../core/findings.ts";
import { nameFromPath } from "../core/identity.ts";
import { checkPatches, type Manifest, PatchedObject } from "../core/manifest.ts";
import type { Patch } from "../core/user-patch.ts";
import type { Kinds } from "../kubernetes/types.ts";

/** An object of a stable kind of Kubernetes 1.35; `apiVersion` and `kind` say which. */
export type KnownObject = Kinds[keyof Kinds];

/** What goes with an object of any kind. */
export interface RawOptions<T> {
  /** Applied in this order. @default - none */
  readonly patches?: readonly Patch<T>[];
  /** Rules that do not hold for the object, with the reason. @default - none */
  readonly allow?: readonly Exception[];
}

/**
 * An object of any kind, for what has no construct: the compiler knows the fields of Kubernetes 1.35, custom resources
 * bring a type of their own. It is checked like every other object. The name is that of its metadata, or else made of
 * the ids from its chart down.
 */
export class RawObject<T extends Manifest = KnownObject> extends Construct {
  /** The object as cdk8s has it; undefined if a patch cannot be applied to anything. */
  readonly object: ApiObject | undefined;

  constructor(scope: Construct, id: string, manifest: T, options: RawOptions<T> = {}) {
    super(scope, id);
    const { patches = [], allow = [] } = options;
    const draft = new Draft(this, allow);
    checkExceptions(draft, allow);
    const named = patches.map((value, index) => ({ fieldPath: `patches.${index}`, at: [], value }));
    checkPatches(draft, "", named);
    const made = draft.hasErrors
      ? undefined
      : new PatchedObject(this, "object", () => this.#named(manifest), named);
    this.object = made?.object;
    reportDraft(this, draft, () => made?.findLostPatches() ?? []);
  }

  #named(manifest: T): Manifest {
    const name = manifest.metadata?.name ?? nameFromPath(this);
    return { ...manifest, metadata: { ...manifest.metadata, name } };
  }
}
