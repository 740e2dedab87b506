import { App, Chart } from "cdk8s";
import type { Construct } from "constructs";
import {
  GrpcRoute,
  type GrpcRouteProps,
  Route,
  type RouteProps,
  StoredSecret,
  type StoredSecretProps,
  useProfile,
  WebService,
  Worker,
} from "../../constructs/index.ts";
import type { Factors } from "./pairwise.ts";

/** How samples of one construct are made. */
export interface SampleKind {
  readonly least: object;
  readonly factors: Factors;
  readonly build: (chart: Chart, props: object) => Construct;
}

const image = "ghcr.io/acme/app:1.4.2";
const none = undefined;

/** Samples of what lies between programs, the way in from outside, and secrets of a store. */
export const wiringKinds: Readonly<Record<string, SampleKind>> = {
  StoredSecret: {
    least: { keys: { password: "shop/db" } },
    factors: {
      keys: [
        none,
        { password: { path: "shop/db", property: "password", version: "3" }, "ca.crt": "shop/ca" },
      ],
      revision: [none, "2"],
      refreshSeconds: [none, 60],
    },
    build: (chart, props) => new StoredSecret(chart, "stored", props as StoredSecretProps),
  },
  SecretProviderClass: {
    least: { keys: { password: "shop/db" } },
    factors: { provider: [none, "aws", "gcp"], revision: [none, "2"] },
    build: (chart, { provider = "vault", ...props }: { readonly provider?: "vault" | "aws" | "gcp" }) => {
      useProfile(chart, { kubernetes: "1.35", secrets: { by: "csi", provider } });
      const secret = new StoredSecret(chart, "stored", props as StoredSecretProps);
      return new Worker(chart, "worker", { image, files: { "/etc/db": secret } });
    },
  },
  Route: {
    least: { host: "shop.example.com" },
    factors: {
      host: [none, ["shop.example.com", "*.example.com"]],
      path: [none, "/api", { exact: "/health" }],
      method: [none, "GET"],
      headers: [none, { "x-version": "2" }],
      timeoutSeconds: [none, 0, 30],
      weight: [none, 10],
    },
    build: (chart, props) => new Route(chart, "route", routed(chart, props) as unknown as RouteProps),
  },
  GrpcRoute: {
    least: { host: "grpc.example.com" },
    factors: {
      service: [none, "acme.Cart"],
      method: [none, "Add"],
      headers: [none, { tenant: "a" }],
      weight: [none, 1],
    },
    build: (chart, props) => new GrpcRoute(chart, "route", routed(chart, props) as unknown as GrpcRouteProps),
  },
  ReferenceGrant: {
    least: { host: "shop.example.com" },
    factors: {},
    build: (chart, props) => {
      const back = new Chart(App.of(chart), "back", { namespace: "back" });
      return new Route(chart, "route", routed(chart, props, back) as unknown as RouteProps);
    },
  },
  Ingress: {
    least: { host: "shop.example.com" },
    factors: {
      host: [none, ["shop.example.com", "www.example.com"]],
      path: [none, "/api", { exact: "/health" }],
      issuer: [none, "acme"],
    },
    build: (chart, { issuer, ...props }: { readonly issuer?: string }) => {
      const ingress = { className: "nginx", namespace: "ingress", ...(issuer !== undefined && { issuer }) };
      useProfile(chart, { kubernetes: "1.35", ingress });
      return new Route(chart, "route", routed(chart, props) as unknown as RouteProps);
    },
  },
};

/** A route to a program of its own: what is not its host is a rule. */
function routed(chart: Chart, props: object, home = chart): object {
  const { host, weight, ...rule } = props as Readonly<Record<string, unknown>>;
  const web = new WebService(home, "web", { image, port: 8080, health: { ready: "/readyz" }, replicas: 2 });
  const to = weight === undefined ? web : [{ service: web, weight }];
  return { host, ...(Object.keys(rule).length === 0 ? { to } : { rules: [{ ...rule, to }] }) };
}
