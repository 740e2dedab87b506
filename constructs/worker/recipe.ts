import { companions } from "../application/companions.ts";
import { deploymentObjects } from "../application/deployment.ts";
import type { Recipe } from "../application/recipe.ts";
import { checkScale } from "../application/scale.ts";
import { checkSpread, podProperties } from "../pod/check.ts";
import { checkHealth } from "../pod/check-health.ts";
import { probesOf } from "../pod/probes.ts";
import type { WorkerProps } from "./props.ts";

const podSpec = ["spec", "template", "spec"] as const;

/** How a worker becomes objects. */
export const worker: Recipe<WorkerProps> = {
  properties: {
    ...podProperties,
    replicas: true,
    autoscale: true,
    spread: true,
    health: true,
    access: true,
    metrics: true,
    patch: true,
  },
  patches: {
    container: ["deployment", ...podSpec, "containers", "0"],
    pod: ["deployment", ...podSpec],
    deployment: ["deployment"],
    serviceAccount: ["serviceAccount"],
    networkPolicy: ["networkPolicy"],
    podMonitor: ["podMonitor"],
    podDisruptionBudget: ["podDisruptionBudget"],
    autoscaler: ["autoscaler"],
  },
  check: (draft, props) => {
    checkScale(draft, props);
    checkSpread(draft, props.spread);
    if (props.health !== undefined) checkHealth(draft, "health", props.health, {});
  },
  objects: (context, props) => {
    const { health } = props;
    const probes = health ? probesOf(context.draft, "health", health, {}) : {};
    const pods = deploymentObjects(context, props, { probes, drains: false });
    return { ...companions(context, props), ...pods };
  },
};
