import type { KubeObject } from "../kube/object.ts";
import type { DeliveryRules } from "./apply.ts";
import { judge, type Plan, type Rules } from "./judge.ts";
import { look, readParentOf, type Seen } from "./look.ts";
import type { Session } from "./session.ts";
import { type Release, resolveRelease } from "./wanted.ts";

/** Everything that is known before the first change. */
export interface Decision extends Plan {
  readonly release: Release;
  readonly seen: Seen;
}

/** The rules of an operation, with their defaults. */
export function rulesOf(options: DeliveryRules): Rules {
  const { inventory, adopt = "ifNoDiff", drift = "correct", force = false, ignore = [] } = options;
  const { fieldManager, namespace = inventory.namespace, allowRemoval = false } = options;
  const manager = fieldManager ?? defaultManager(inventory);
  return { inventory, namespace, manager, adopt, drift, force, ignore, allowRemoval };
}

/** Who owns the fields of an app unless somebody says otherwise. */
export function defaultManager({ namespace, name }: Rules["inventory"]): string {
  return `keelson/${namespace}/${name}`.slice(0, 128);
}

/** Looks at a cluster and judges what is to be done there. Changes nothing. Throws what `apply` throws before it does. */
export async function decide(
  session: Session,
  objects: readonly KubeObject[],
  rules: Rules,
): Promise<Decision> {
  // First of all, and with little patience: a dead cluster must not cost much.
  const parent = await readParentOf(session, rules.inventory);
  const release = await resolveRelease(session, objects, rules);
  const seen = await look(session, { inventory: rules.inventory, parent, wanted: release.objects });
  return { ...(await judge(session, { release, seen, rules })), release, seen };
}
