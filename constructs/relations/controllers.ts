import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import type { Inventory } from "./inventory.ts";

/** Controllers whose selectors select each other's pods would each count and delete those of the other. */
export function findSharedSelectors(inventory: Inventory): readonly Finding[] {
  const controllers = ["Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"].flatMap((kind) =>
    inventory.all(kind),
  );
  return controllers.flatMap((controller) => {
    const { selector } = controller.spec;
    if (selector === undefined) return [];
    const selected = inventory.selected(selector, controller.namespace);
    const own = selected.some(({ rendered }) => rendered === controller.rendered);
    if (!own) {
      const flaw = {
        message: "the selector does not select the pods of its own template, which Kubernetes refuses",
        fix: "Give the template the labels of the selector",
      };
      return [findAt(controller.rendered.object, "selector-shared", "spec.selector", flaw)];
    }
    const other = selected.find(({ kind, rendered }) => rendered !== controller.rendered && kind !== "Pod");
    if (other === undefined) return [];
    const flaw = {
      message: `it also selects the pods of ${other.kind} "${other.name}", at "${other.rendered.object.node.path}"`,
      fix: "Give each of the two a label of its own, in the selector and in the template",
    };
    return [findAt(controller.rendered.object, "selector-shared", "spec.selector", flaw)];
  });
}
