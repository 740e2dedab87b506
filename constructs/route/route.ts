import type { Construct } from "constructs";
import { BaseRoute, checkWay } from "./base-route.ts";
import { checkGrpcRule, checkHttpRule, checkIngress, checkRoute } from "./check.ts";
import type { GrpcRouteProps, GrpcRouteRule, RouteProps, RouteRule } from "./props.ts";
import { grpcRouteOf, httpRouteOf, ingressOf } from "./render.ts";

/**
 * Leads requests for a host from outside of the cluster to programs: an HTTPRoute at the gateway of the cluster's
 * profile, or an Ingress where there is none. It lets the gateway through to the programs.
 */
export class Route extends BaseRoute<RouteRule> {
  constructor(scope: Construct, id: string, props: RouteProps) {
    super(scope, id, props, {
      kind: "HTTPRoute",
      patchable: ["route", "ingress"],
      check: (draft, profile, namespace) => {
        checkRoute(draft, { ...props }, (path, rule) => {
          checkHttpRule(draft, path, rule);
        });
        if (draft.hasErrors) return;
        checkWay(draft, profile, namespace, targetsIn(props));
        if (profile.gateway !== undefined || profile.ingress === undefined) return;
        const rules = (props.rules ?? []).map((rule, index) => [`rules.${index}`, { ...rule }] as const);
        checkIngress(draft, namespace, props.to === undefined ? rules : [["", { to: props.to }]]);
      },
      render: (plan, { gateway, ingress }) => {
        if (gateway !== undefined) return ["route", httpRouteOf(plan, gateway)];
        return ["ingress", ingressOf(plan, ingress ?? { className: "", namespace: "" })];
      },
    });
  }
}

/** Leads calls of gRPC for a host from outside of the cluster to programs: a GRPCRoute at the gateway of the cluster's profile. */
export class GrpcRoute extends BaseRoute<GrpcRouteRule> {
  constructor(scope: Construct, id: string, props: GrpcRouteProps) {
    super(scope, id, props, {
      kind: "GRPCRoute",
      patchable: ["route"],
      check: (draft, profile, namespace) => {
        checkRoute(draft, { ...props }, (path, rule) => {
          checkGrpcRule(draft, path, rule);
        });
        if (draft.hasErrors) return;
        checkWay(draft, profile, namespace, targetsIn(props));
        if (profile.gateway !== undefined || profile.ingress === undefined) return;
        draft.find("route-unsupported", "", {
          message: "an Ingress knows no gRPC, and the cluster has no gateway",
          fix: "Use a cluster whose profile has a gateway",
        });
      },
      render: (plan, { gateway }) => ["route", grpcRouteOf(plan, gateway ?? { name: "", namespace: "" })],
    });
  }
}

function targetsIn({ to, rules }: RouteProps | GrpcRouteProps): readonly object[] {
  return to === undefined ? rules.map((rule) => rule.to) : [to];
}
