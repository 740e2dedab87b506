import { type Caller, type CallerReference, egressRules, ingressRule, type Peer } from "../core/access.ts";
import type { Identity } from "../core/identity.ts";
import type { NetworkPolicy, PodDisruptionBudget, ServiceAccount } from "../kubernetes/types.ts";
import { envSecret } from "../pod/env.ts";
import type { Ports } from "../pod/probes.ts";
import type { PodProps } from "../pod/props.ts";
import type { Context, Render } from "./recipe.ts";

/** Who may call a workload, and whom it may call. */
export interface Connections {
  /** True if callers come from outside of the cluster. */
  readonly isExposed: boolean;
  readonly from: readonly Caller[];
  /** Undefined for anyone. */
  readonly to: readonly Peer[] | undefined;
}

/** What every workload has beside its pods: an account, a network policy, and a Secret if it has late secrets. */
export function companions(
  { identity, networkPolicy }: Context,
  props: PodProps,
): Readonly<Record<"serviceAccount" | "secret" | "networkPolicy", Render | undefined>> {
  const secret = envSecret(props, identity);
  return {
    serviceAccount: () => serviceAccountOf(identity),
    secret: secret && (() => secret),
    networkPolicy,
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
  { isExposed, from, to = ["anywhere"] }: Connections,
  { ports, namespace }: CallerReference & { readonly ports: Ports },
): NetworkPolicy {
  const callers: readonly Caller[] = isExposed ? ["anywhere"] : from;
  const numbers = Object.values(ports);
  const isClosed = callers.length === 0 || numbers.length === 0;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, labels },
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: isClosed ? [] : [ingressRule(callers, numbers, namespace)],
      egress: egressRules(to, namespace),
    },
  };
}

// It has no rights, and its token is not given to the pods.
function serviceAccountOf({ name, labels }: Identity): ServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, labels },
    automountServiceAccountToken: false,
  };
}
