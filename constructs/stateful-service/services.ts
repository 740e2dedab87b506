import type { Identity } from "../core/identity.ts";
import type { Service } from "../kubernetes/types.ts";
import type { Ports } from "../pod/probes.ts";

/** The service that callers use: any pod that is ready, on the program's own ports. */
export function serviceOf({ name, labels, selector }: Identity, ports: Ports): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels },
    spec: { type: "ClusterIP", selector, ports: portsOf(ports) },
  };
}

/** The headless service that gives each pod a name of its own. Pods find each other before they are ready. */
export function peersOf({ name, labels, selector }: Identity, ports: Ports): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `${name}-peers`, labels },
    spec: { clusterIP: "None", publishNotReadyAddresses: true, selector, ports: portsOf(ports) },
  };
}

function portsOf(ports: Ports): NonNullable<NonNullable<Service["spec"]>["ports"]> {
  return Object.entries(ports).map(([name, port]) => ({ name, port, targetPort: name, protocol: "TCP" }));
}
