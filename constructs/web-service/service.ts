import type { Identity } from "../core/identity.ts";
import type { Service } from "../kubernetes/types.ts";
import type { WebServiceProps } from "./props.ts";

/** The service: port 80, on every node too if the program asks for it. */
export function serviceOf(
  { name, labels, selector }: Identity,
  { expose = "cluster", ports = {} }: WebServiceProps,
): Service {
  const opened = typeof expose === "string" ? undefined : expose.nodePort;
  const nodePort = opened === undefined || opened === "any" ? {} : { nodePort: opened };
  const others = Object.entries(ports).map(
    ([port, number]) => ({ name: port, port: number, targetPort: port, protocol: "TCP" }) as const,
  );
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels },
    spec: {
      type: opened === undefined ? "ClusterIP" : "NodePort",
      selector,
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP", ...nodePort }, ...others],
    },
  };
}
