import { applyObjects } from "../../kube/apply.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import { readPublished } from "../../scripts/kubernetes/custom.ts";

/** Defines the custom resources that constructs make, whole, with the rules in CEL that the schemas of this library leave out. */
export async function definePublished(client: KubeClient): Promise<void> {
  const definitions = (readPublished(true) ?? []) as unknown as readonly KubeObject[];
  await applyObjects(client, definitions, { fieldManager: "keelson-test" });
}
