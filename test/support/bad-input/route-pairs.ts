import { type Profile, Route, SecretRef, WebService, Worker } from "../../../constructs/index.ts";
import { soundProps } from "../constructs.ts";
import type { BadPairs, Maker } from "./pair.ts";

const image = "ghcr.io/acme/app:1.4.2";
const withGateway: Profile = { kubernetes: "1.35", gateway: { name: "edge", namespace: "infra" } };
const monitored: Profile = {
  kubernetes: "1.35",
  monitoring: { namespace: "monitoring", labels: { release: "main" } },
};

/** What does not fit between routes, gateways, monitors, Services and programs. */
export const routePairs: BadPairs = {
  "a route to a port that the Service does not have": {
    build: (make, fits) => {
      web(make);
      make.route("shop", { backend: { name: "web", port: fits ? 80 : 8080 } });
    },
    code: "port-missing",
    at: ["shop/httproute-shop/object", "spec.rules.0.backendRefs.0.port"],
  },
  "a route to a Service that there is not": {
    build: (make, fits) => {
      web(make);
      make.route("shop", { backend: { name: fits ? "web" : "wep", port: 80 } });
    },
    code: "target-missing",
    at: ["shop/httproute-shop/object", "spec.rules.0.backendRefs.0.name"],
  },
  "a route to pods that do not let the gateway in": {
    build: (make, fits) => {
      web(make);
      const from = {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": fits ? "infra" : "edge" } },
      };
      make.policy("web", { ingress: [{ from: [from], ports: [{ port: 8080 }] }] });
      make.route("shop");
    },
    profile: withGateway,
    code: "half-open",
    at: ["shop/httproute-shop/object", "spec.rules.0.backendRefs.0"],
  },
  "a host that two routes take": {
    build: (make, fits) => {
      web(make);
      make.route("shop");
      make.route("again", { host: fits ? "www.example.com" : "shop.example.com" });
    },
    code: "route-taken",
    at: ["shop/httproute-again/object", "spec.rules.0"],
  },
  "a path of a host that two routes take": {
    build: (make, fits) => {
      web(make);
      const rule = (value: string): object => ({
        rule: { matches: [{ path: { type: "PathPrefix", value } }] },
      });
      make.route("shop", rule("/api"));
      make.route("again", rule(fits ? "/apis" : "/api"));
    },
    code: "route-taken",
    at: ["shop/httproute-again/object", "spec.rules.0"],
  },
  "a host of routes of two kinds": {
    build: (make, fits) => {
      web(make);
      make.route("shop");
      make.route("calls", { kind: "GRPCRoute", host: fits ? "grpc.example.com" : "shop.example.com" });
    },
    code: "route-taken",
    at: ["shop/grpcroute-calls/object", "spec.hostnames.0"],
  },
  "a path that two Ingresses take": {
    build: (make, fits) => {
      web(make);
      ingress(make, "shop", "/", 80);
      ingress(make, "again", fits ? "/api" : "/", 80);
    },
    code: "route-taken",
    at: ["shop/ingress-again/object", "spec.rules.0.http.paths.0"],
  },
  "an Ingress to a port that the Service does not have": {
    build: (make, fits) => {
      web(make);
      ingress(make, "shop", "/", fits ? 80 : 8080);
    },
    code: "port-missing",
    at: ["shop/ingress-shop/object", "spec.rules.0.http.paths.0.backend.service.port"],
  },
  "a route into a namespace that has not agreed": {
    build: (make, fits) => {
      make.deployment("api", { namespace: "back" });
      make.service("api", { namespace: "back" });
      make.route("shop", { backend: { name: "api", namespace: "back", port: 80 } });
      const from = [
        { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: fits ? "shop" : "ship" },
      ];
      const spec = { from, to: [{ group: "", kind: "Service" }] };
      make.raw("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "shop", { spec, namespace: "back" });
    },
    code: "grant-missing",
    at: ["shop/httproute-shop/object", "spec.rules.0.backendRefs.0"],
  },
  "a listener that the gateway does not have": {
    build: (make, fits) => {
      web(make);
      gateway(make, { allowedRoutes: { namespaces: { from: "All" } } });
      make.route("shop", { parent: { sectionName: fits ? "web" : "wep" } });
    },
    code: "target-missing",
    at: ["shop/httproute-shop/object", "spec.parentRefs.0.sectionName"],
  },
  "a gateway that takes routes of its own namespace alone": {
    build: (make, fits) => {
      web(make);
      gateway(make, fits ? { allowedRoutes: { namespaces: { from: "All" } } } : {});
      make.route("shop");
    },
    code: "route-refused",
    at: ["shop/httproute-shop/object", "spec.parentRefs.0"],
  },
  "a host that the gateway does not listen for": {
    build: (make, fits) => {
      web(make);
      const hostname = fits ? "*.example.com" : "*.example.org";
      gateway(make, { hostname, allowedRoutes: { namespaces: { from: "All" } } });
      make.route("shop");
    },
    code: "route-refused",
    at: ["shop/httproute-shop/object", "spec.parentRefs.0"],
  },
  "a monitor for a port of a Service without a name": {
    build: (make, fits) => {
      make.deployment("web");
      make.service("web", {
        labels: { app: "web" },
        port: { port: 80, targetPort: "http", ...(fits && { name: "http" }) },
      });
      monitor(make, "ServiceMonitor", "http");
    },
    code: "port-missing",
    at: ["shop/servicemonitor-web/object", "spec.endpoints.0.port"],
  },
  "a monitor whose labels no Service has": {
    build: (make, fits) => {
      make.deployment("web");
      make.service("web", { labels: { app: fits ? "web" : "wep" } });
      monitor(make, "ServiceMonitor", "http");
    },
    code: "selects-nothing",
    at: ["shop/servicemonitor-web/object", "spec.selector"],
  },
  "a monitor for a port that no container has": {
    build: (make, fits) => {
      make.deployment("web");
      monitor(make, "PodMonitor", fits ? "http" : "metrics");
    },
    code: "port-missing",
    at: ["shop/podmonitor-web/object", "spec.podMetricsEndpoints.0.port"],
  },
  "a monitor that the cluster's Prometheus does not look for": {
    build: (make, fits) => {
      make.deployment("web");
      monitor(make, "PodMonitor", "http", fits ? { release: "main" } : {});
    },
    profile: monitored,
    code: "monitor-unseen",
    at: ["shop/podmonitor-web/object", "metadata.labels"],
  },
  "a port that the program which is used does not have": {
    build: (make, fits) => {
      const api = new WebService(make.chart(), "api", { ...soundProps, ports: { admin: 9000 } });
      new Worker(make.chart(), "worker", {
        image,
        uses: { api: { service: api, port: fits ? "admin" : "amdin" } },
      });
    },
    code: "port-missing",
    at: ["shop/worker", "uses.api.port"],
  },
  "a program that nobody can use": {
    build: (make, fits) => {
      const used: unknown = fits
        ? new WebService(make.chart(), "api", soundProps)
        : new Worker(make.chart(), "api", { image });
      new Worker(make.chart(), "worker", { image, uses: { api: used as WebService } });
    },
    code: "port-missing",
    at: ["shop/worker", "uses.api"],
  },
  "a key that the Secret of what is used does not have": {
    build: (make, fits) => {
      const api = new WebService(make.chart(), "api", soundProps);
      const secret = new SecretRef("api", { keys: ["token"] });
      const values = { token: secret.value(fits ? "token" : "tokne") };
      new Worker(make.chart(), "worker", { image, uses: { api: { service: api, values } } });
    },
    code: "config-unreadable",
    at: ["shop/worker", "uses.api.values.token"],
  },
  "a route to a program without a port": {
    build: (make, fits) => {
      const to: unknown = fits
        ? new WebService(make.chart(), "api", soundProps)
        : new Worker(make.chart(), "api", { image });
      new Route(make.chart(), "shop", { host: "shop.example.com", to: to as WebService });
    },
    profile: withGateway,
    code: "port-missing",
    at: ["shop/shop", "to"],
  },
  "a route to a port that the program does not have": {
    build: (make, fits) => {
      const api = new WebService(make.chart(), "api", { ...soundProps, ports: { admin: 9000 } });
      const to = { service: api, port: fits ? "admin" : "amdin" };
      new Route(make.chart(), "shop", { host: "shop.example.com", to });
    },
    profile: withGateway,
    code: "port-missing",
    at: ["shop/shop", "to.port"],
  },
  "an Ingress to a program of another namespace": {
    build: (make, fits) => {
      const api = new WebService(make.chart(fits ? "shop" : "back"), "api", soundProps);
      new Route(make.chart(), "shop", { host: "shop.example.com", to: api });
    },
    profile: { kubernetes: "1.35", ingress: { className: "nginx", namespace: "ingress" } },
    code: "route-unsupported",
    at: ["shop/shop", "to"],
  },
};

function web(make: Maker): void {
  make.deployment("web");
  make.service("web");
}

function gateway(make: Maker, listener: object): void {
  const listeners = [{ name: "web", port: 80, protocol: "HTTP", ...listener }];
  const spec = { gatewayClassName: "envoy", listeners };
  make.raw("gateway.networking.k8s.io/v1", "Gateway", "edge", { spec, namespace: "infra" });
}

function ingress(make: Maker, name: string, path: string, number: number): void {
  const backend = { service: { name: "web", port: { number } } };
  const rules = [{ host: "shop.example.com", http: { paths: [{ path, pathType: "Prefix", backend }] } }];
  make.raw("networking.k8s.io/v1", "Ingress", name, { spec: { ingressClassName: "nginx", rules } });
}

function monitor(
  make: Maker,
  kind: "ServiceMonitor" | "PodMonitor",
  port: string,
  labels: object = {},
): void {
  const selector = { matchLabels: { app: "web" } };
  const spec = { selector, [kind === "PodMonitor" ? "podMetricsEndpoints" : "endpoints"]: [{ port }] };
  make.raw("monitoring.coreos.com/v1", kind, "web", { spec, labels });
}
