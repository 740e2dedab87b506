import { companions } from "../application/companions.ts";
import type { Context, Recipe } from "../application/recipe.ts";
import { show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import type { DaemonSet } from "../kubernetes/types.ts";
import { podProperties } from "../pod/check.ts";
import { checkHealth } from "../pod/check-health.ts";
import { podLabels, podTemplateOf } from "../pod/pod-template.ts";
import { probesOf } from "../pod/probes.ts";
import type { NodeAgentProps } from "./props.ts";

const podSpec = ["spec", "template", "spec"] as const;
const podPath = "daemonSet.spec.template.spec";

/** How a node agent becomes objects. */
export const nodeAgent: Recipe<NodeAgentProps> = {
  properties: {
    ...podProperties,
    health: true,
    maxUnavailable: true,
    access: true,
    metrics: true,
    patch: true,
  },
  patches: {
    container: ["daemonSet", ...podSpec, "containers", "0"],
    pod: ["daemonSet", ...podSpec],
    daemonSet: ["daemonSet"],
    serviceAccount: ["serviceAccount"],
    networkPolicy: ["networkPolicy"],
    podMonitor: ["podMonitor"],
  },
  check: checkNodeAgent,
  objects: (context, props) => {
    const daemonSet = daemonSetOf(context, props);
    return { ...companions(context, props), daemonSet: () => daemonSet };
  },
};

function daemonSetOf({ draft, identity, ports, pods }: Context, props: NodeAgentProps): DaemonSet {
  const { name, selector } = identity;
  const { health, nodes, maxUnavailable } = props;
  const everywhere = [{ operator: "Exists" }] as const;
  const tolerations = draft.fill(
    "nodes.tolerate",
    nodes?.tolerate,
    everywhere,
    "an agent belongs on every node",
  );
  const probes = health ? probesOf(draft, "health", health, ports) : {};
  const template = podTemplateOf(
    { draft, identity, path: podPath, ...pods, probes, drains: false, extra: { tolerations } },
    props,
  );
  const why = "a bad version stops before it is everywhere";
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, labels: podLabels(identity, props) },
    spec: {
      selector: { matchLabels: selector },
      updateStrategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: draft.fill("maxUnavailable", maxUnavailable, "10%", why) },
      },
      template,
    },
  };
}

function checkNodeAgent(draft: Draft, { health, maxUnavailable }: NodeAgentProps): void {
  if (health !== undefined) checkHealth(draft, "health", health, {});
  if (maxUnavailable === undefined) return;
  const isNumber =
    typeof maxUnavailable === "number" && Number.isInteger(maxUnavailable) && maxUnavailable > 0;
  if (isNumber || /^([1-9]\d?|100)%$/.test(String(maxUnavailable))) return;
  draft.find("invalid-value", "maxUnavailable", {
    message: `${show(maxUnavailable)} is neither a number of nodes nor a share of them`,
    fix: 'Use a whole number above 0, or "10%" for example',
  });
}
