import { companions } from "../application/companions.ts";
import { exported, isExported, serviceExport } from "../cluster-set/export.ts";
import { deploymentObjects, deploymentPods } from "../application/deployment.ts";
import type { Recipe } from "../application/recipe.ts";
import { checkScale } from "../application/scale.ts";
import { checkInteger, checkKeys, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import { checkPorts, checkSpread, podProperties } from "../pod/check.ts";
import { checkHealth } from "../pod/check-health.ts";
import { servedProbes } from "../pod/probes.ts";
import type { WebServiceProps } from "./props.ts";
import { serviceOf } from "./service.ts";

const podSpec = ["spec", "template", "spec"] as const;

/** How a web service becomes objects. */
export const webService: Recipe<WebServiceProps> = {
  properties: {
    ...podProperties,
    port: true,
    ports: true,
    replicas: true,
    autoscale: true,
    spread: true,
    health: true,
    expose: true,
    access: true,
    metrics: true,
    patch: true,
  },
  patches: {
    container: ["deployment", ...podSpec, "containers", "0"],
    pod: ["deployment", ...podSpec],
    deployment: ["deployment"],
    service: ["service"],
    serviceAccount: ["serviceAccount"],
    networkPolicy: ["networkPolicy"],
    podMonitor: ["podMonitor"],
    podDisruptionBudget: ["podDisruptionBudget"],
    autoscaler: ["autoscaler"],
  },
  ports: ({ port, ports }) => ({ http: port, ...ports }),
  servicePorts: ({ ports }) => ({ http: 80, ...ports }),
  scheme: "http",
  isExposed: ({ expose = "cluster" }) => expose !== "cluster",
  isExported: ({ expose }) => isExported(expose),
  check: checkWebService,
  objects: (context, props) => {
    const { draft, identity, ports } = context;
    const probes = servedProbes(draft, deploymentPods, props.health, ports);
    return {
      ...companions(context, props),
      service: () => exported(context, serviceOf(identity, props), isExported(props.expose)),
      serviceExport: isExported(props.expose) ? serviceExport(context) : undefined,
      ...deploymentObjects(context, props, { probes, drains: true }),
    };
  },
};

function checkWebService(draft: Draft, props: WebServiceProps): void {
  const { port, ports, health, expose, spread } = props;
  checkInteger(draft, "port", port, [1, 65_535]);
  if (ports !== undefined) {
    // The service has them under their own numbers, and 80 is the main one's.
    checkPorts(draft, "ports", ports, [port, 80]);
    checkKeys(
      draft,
      "ports",
      ports,
      Object.keys(ports).filter((name) => name !== "http"),
    );
  }
  checkScale(draft, props);
  checkSpread(draft, spread);
  if (health !== undefined) checkHealth(draft, "health", health, { http: port, ...ports });
  if (expose === undefined || expose === "cluster" || expose === "clusterSet") return;
  checkKeys(draft, "expose", expose, ["nodePort", "clusterSet"]);
  const toSet: unknown = isRecord(expose) ? expose.clusterSet : undefined;
  if (toSet !== undefined && typeof toSet !== "boolean") {
    draft.find("wrong-type", "expose.clusterSet", {
      message: `${show(toSet)} is neither true nor false`,
      fix: "Use one of them",
    });
  }
  const nodePort: unknown = isRecord(expose) ? expose.nodePort : undefined;
  if (nodePort !== "any") checkInteger(draft, "expose.nodePort", nodePort, [30_000, 32_767]);
}
