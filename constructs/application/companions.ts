import type { Caller, CallerReference, NodePorts, Peer } from "../core/access.ts";
import type { Identity } from "../core/identity.ts";
import { egressRules, ingressRules, type Opening } from "../core/network-rules.ts";
import type { NetworkPolicy, PodDisruptionBudget, ServiceAccount } from "../kubernetes/types.ts";
import { envSecret } from "../pod/env.ts";
import type { Ports } from "../pod/probes.ts";
import type { PodProps } from "../pod/props.ts";
import { claimName, claimOf, isOwn, retention } from "../volume/claim.ts";
import type { Context, Render } from "./recipe.ts";

/** Who may call a workload, and whom it may call. */
export interface Connections {
  /** True if callers come from outside of the cluster. */
  readonly isExposed: boolean;
  readonly from: readonly Opening<Caller>[];
  /** Undefined for anyone. */
  readonly to: readonly Opening<Peer | NodePorts>[] | undefined;
}

/** What every workload has beside its pods: an account, a network policy, a Secret if it has late secrets, claims, and what tells of its metrics. */
export function companions(context: Context, props: PodProps): Readonly<Record<string, Render | undefined>> {
  const { identity, networkPolicy, podMonitor } = context;
  const secret = envSecret(props, identity);
  return {
    serviceAccount: () => serviceAccountOf(identity),
    secret: secret && (() => secret),
    networkPolicy,
    ...claimsOf(context, props),
    podMonitor,
  };
}

/** The claims of the volumes that a workload has for itself. */
function claimsOf(
  { draft, identity, profile }: Context,
  { volumes = {} }: PodProps,
): Readonly<Record<string, Render>> {
  const { name, labels } = identity;
  const why = "data outlives the program that was removed by mistake";
  const entries = Object.entries(volumes).flatMap(([volume, request]): [string, Render][] => {
    if (!isOwn(request)) return [];
    const property = `volumes.${volume}.whenDeleted`;
    const whenDeleted = draft.fill(property, request.whenDeleted, "Retain" as const, why);
    const metadata = { name: claimName(name, volume), labels, ...retention(whenDeleted) };
    return [[`claim-${volume}`, () => claimOf(metadata, request, profile())]];
  });
  return Object.fromEntries(entries);
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
  { isExposed, from, to = [{ peer: "anywhere" }] }: Connections,
  { ports, namespace }: CallerReference & { readonly ports: Ports },
): NetworkPolicy {
  const callers: readonly Opening<Caller>[] = isExposed ? [{ peer: "anywhere" }, ...from] : from;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, labels },
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: ingressRules(callers, Object.values(ports), namespace),
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
