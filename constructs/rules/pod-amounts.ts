import { listAt, type Part, partAt } from "../core/parts.ts";
import { type Amounts, amountsOf, larger, nothing, sum } from "./amounts.ts";

/** A container as a manifest has it, whoever wrote it. */
export interface LooseContainer {
  readonly name: string;
  readonly restartPolicy: unknown;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** The containers of a pod's spec, init containers first. `requests` are filled from `limits`, as the server does. */
export function containersOf(
  pod: Part,
  fill: (container: LooseContainer) => LooseContainer = (container) => container,
): { readonly init: readonly LooseContainer[]; readonly main: readonly LooseContainer[] } {
  const read = (list: string): readonly LooseContainer[] =>
    listAt(pod, list).map((each) => fill(readContainer(each)));
  return { init: read("initContainers"), main: read("containers") };
}

/**
 * What the scheduler and quotas count for a pod: its containers and sidecars together, or an init container with the
 * sidecars that run before it if that is more, and the overhead of its runtime class.
 */
export function podAmounts(
  pod: Part,
  of: "requests" | "limits",
  fill?: (container: LooseContainer) => LooseContainer,
): Amounts {
  const { init, main } = containersOf(pod, fill);
  let sidecars = nothing;
  const starts: Amounts[] = [];
  for (const container of init) {
    const together = sum([sidecars, container[of]]);
    if (container.restartPolicy === "Always") sidecars = together;
    starts.push(together);
  }
  const running = sum([sidecars, ...main.map((container) => container[of])]);
  const whole = amountsOf(partAt(pod, "resources", of));
  // What is said of the pod as a whole takes the place of the sum.
  const counted = new Map([...larger([running, ...starts]), ...whole]);
  return sum([counted, amountsOf(pod["overhead"])]);
}

function readContainer(container: Part): LooseContainer {
  const limits = amountsOf(partAt(container, "resources", "limits"));
  return {
    name: String(container["name"]),
    restartPolicy: container["restartPolicy"],
    limits,
    requests: new Map([...limits, ...amountsOf(partAt(container, "resources", "requests"))]),
  };
}
