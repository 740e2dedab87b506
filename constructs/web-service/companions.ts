import { type AppReference, egressRules, ingressRule, type Peer } from "../core/access.ts";
import type { Identity } from "../core/identity.ts";
import type {
  NetworkPolicy,
  NetworkPolicyIngressRule,
  PodDisruptionBudget,
  Service,
  ServiceAccount,
} from "../kubernetes/types.ts";
import type { WebServiceProps } from "./props.ts";

/** The service: port 80, on every node too if the program asks for it. */
export function serviceOf(
  { name, labels, selector }: Identity,
  { expose = "cluster" }: WebServiceProps,
): Service {
  const nodePort = expose === "cluster" || expose.nodePort === "any" ? {} : { nodePort: expose.nodePort };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels },
    spec: {
      type: expose === "cluster" ? "ClusterIP" : "NodePort",
      selector,
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP", ...nodePort }],
    },
  };
}

/** The account of the pods. It has no rights, and its token is not given to the pods. */
export function serviceAccountOf({ name, labels }: Identity): ServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, labels },
    automountServiceAccountToken: false,
  };
}

/** Lets a node be emptied one pod at a time; broken pods never stand in the way. */
export function disruptionBudgetOf({ name, labels, selector }: Identity): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, labels },
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selector },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}

/** Who may connect to whom. Ports are numbers, which costs network plugins less than names. A node port is open to everyone, since its callers come through the nodes. */
export function networkPolicyOf(
  { name, labels, selector }: Identity,
  connections: {
    readonly exposed: boolean;
    readonly from: readonly Peer[];
    readonly to: readonly Peer[] | undefined;
  },
  { port, namespace }: AppReference,
): NetworkPolicy {
  const { exposed, from, to = ["anywhere"] } = connections;
  const callers: readonly Peer[] = exposed ? ["anywhere"] : from;
  const ingress: readonly NetworkPolicyIngressRule[] =
    callers.length === 0 ? [] : [ingressRule(callers, port, namespace)];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, labels },
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress,
      egress: egressRules(to, namespace),
    },
  };
}
