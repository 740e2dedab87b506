import { companions, disruptionBudgetOf } from "../application/companions.ts";
import type { Recipe } from "../application/recipe.ts";
import { exported, isExported, serviceExport } from "../cluster-set/export.ts";
import { podProperties } from "../pod/check.ts";
import { servedProbes } from "../pod/probes.ts";
import { checkStatefulService } from "./check.ts";
import type { StatefulServiceProps } from "./props.ts";
import { peersOf, serviceOf } from "./services.ts";
import { statefulPods, statefulSetOf } from "./stateful-set.ts";

const podSpec = ["spec", "template", "spec"] as const;

/** How a stateful service becomes objects. */
export const statefulService: Recipe<StatefulServiceProps> = {
  properties: {
    ...podProperties,
    port: true,
    ports: true,
    retention: true,
    replicas: true,
    spread: true,
    health: true,
    expose: true,
    access: true,
    metrics: true,
    patch: true,
  },
  patches: {
    container: ["statefulSet", ...podSpec, "containers", "0"],
    pod: ["statefulSet", ...podSpec],
    statefulSet: ["statefulSet"],
    service: ["service"],
    peers: ["peers"],
    serviceAccount: ["serviceAccount"],
    networkPolicy: ["networkPolicy"],
    podMonitor: ["podMonitor"],
    podDisruptionBudget: ["podDisruptionBudget"],
  },
  ports: ({ port, ports }) => ({ main: port, ...ports }),
  longestName: 52,
  isGroup: true,
  isExposed: ({ expose = "cluster" }) => expose !== "cluster",
  isExported: ({ expose }) => isExported(expose),
  check: checkStatefulService,
  objects: (context, props) => {
    const { draft, identity, ports } = context;
    const probes = servedProbes(draft, statefulPods, props.health, ports);
    const statefulSet = statefulSetOf(context, props, probes);
    const isMany = (props.replicas ?? 1) > 1;
    return {
      ...companions(context, { ...props, volumes: {} }),
      service: () => exported(context, serviceOf(identity, ports), isExported(props.expose)),
      serviceExport: isExported(props.expose) ? serviceExport(context) : undefined,
      peers: () => peersOf(identity, ports),
      statefulSet,
      podDisruptionBudget: isMany ? () => disruptionBudgetOf(identity) : undefined,
    };
  },
};
