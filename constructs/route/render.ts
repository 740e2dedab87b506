import type { GatewayProfile, IngressProfile } from "../../clusters/profile.ts";
import type { Ingress } from "../kubernetes/types.ts";
import type { GRPCRoute, HTTPRoute, ReferenceGrant } from "../kubernetes/types-custom.ts";
import { backendRef, type Target, targetsOf } from "./backends.ts";
import type { GrpcRouteRule, RouteRule } from "./props.ts";

/** What all objects of one route share. */
export interface RoutePlan<Rule> {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string | undefined;
  readonly hosts: readonly string[];
  readonly rules: readonly Rule[];
}

/** The route of a gateway. Its TLS is the matter of the gateway's listeners. */
export function httpRouteOf(plan: RoutePlan<RouteRule>, gateway: GatewayProfile): HTTPRoute {
  const { name, labels, namespace, hosts, rules } = plan;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, labels },
    spec: {
      parentRefs: [parentOf(gateway)],
      hostnames: hosts,
      rules: rules.map(({ path = "/", method, headers, timeoutSeconds, to }) => ({
        matches: [{ path: pathOf(path), ...(method && { method }), ...headersOf(headers) }],
        ...(timeoutSeconds !== undefined && { timeouts: { request: `${timeoutSeconds}s` } }),
        backendRefs: targetsOf(to).map((target) => backendRef(target, namespace)),
      })),
    },
  };
}

/** The route of a gateway for gRPC. */
export function grpcRouteOf(plan: RoutePlan<GrpcRouteRule>, gateway: GatewayProfile): GRPCRoute {
  const { name, labels, namespace, hosts, rules } = plan;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GRPCRoute",
    metadata: { name, labels },
    spec: {
      parentRefs: [parentOf(gateway)],
      hostnames: hosts,
      rules: rules.map(({ service, method, headers, to }) => {
        const call = { ...(service !== undefined && { service }), ...(method !== undefined && { method }) };
        const match = { ...(Object.keys(call).length > 0 && { method: call }), ...headersOf(headers) };
        return {
          ...(Object.keys(match).length > 0 && { matches: [match] }),
          backendRefs: targetsOf(to).map((target) => backendRef(target, namespace)),
        };
      }),
    },
  };
}

/** The same for a controller of Ingress objects. */
export function ingressOf(plan: RoutePlan<RouteRule>, { className, issuer }: IngressProfile): Ingress {
  const { name, labels, hosts, rules } = plan;
  const paths = rules.flatMap(({ path = "/", to }) =>
    targetsOf(to).map(({ service, port }) => ({
      ...(typeof path === "string"
        ? { path, pathType: "Prefix" as const }
        : { path: path.exact, pathType: "Exact" as const }),
      backend: { service: { name: service.name, port: { number: port } } },
    })),
  );
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      labels,
      ...(issuer !== undefined && { annotations: { "cert-manager.io/cluster-issuer": issuer } }),
    },
    spec: {
      ingressClassName: className,
      tls: [{ hosts, ...(issuer !== undefined && { secretName: `${name}-tls` }) }],
      rules: hosts.map((host) => ({ host, http: { paths } })),
    },
  };
}

/** Lets routes of a namespace refer to Services of another one, which must agree. */
export function grantOf(
  { name, labels }: RoutePlan<unknown>,
  kind: "HTTPRoute" | "GRPCRoute",
  { from, to, targets }: { readonly from: string; readonly to: string; readonly targets: readonly Target[] },
): ReferenceGrant {
  const names = new Set(targets.map(({ service }) => service.name));
  return {
    apiVersion: "gateway.networking.k8s.io/v1beta1",
    kind: "ReferenceGrant",
    metadata: { name: `${from}-${name}`, namespace: to, labels },
    spec: {
      from: [{ group: "gateway.networking.k8s.io", kind, namespace: from }],
      to: [...names].map((service) => ({ group: "", kind: "Service", name: service })),
    },
  };
}

function parentOf({
  name,
  namespace,
  listener,
}: GatewayProfile): NonNullable<HTTPRoute["spec"]["parentRefs"]>[0] {
  return { name, namespace, ...(listener !== undefined && { sectionName: listener }) };
}

function pathOf(path: NonNullable<RouteRule["path"]>): {
  readonly type: "Exact" | "PathPrefix";
  readonly value: string;
} {
  return typeof path === "string"
    ? { type: "PathPrefix", value: path }
    : { type: "Exact", value: path.exact };
}

function headersOf(headers: Readonly<Record<string, string>> | undefined): {
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
} {
  if (headers === undefined) return {};
  return { headers: Object.entries(headers).map(([name, value]) => ({ name, value })) };
}
