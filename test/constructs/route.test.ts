import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import {
  findingsOf,
  GrpcRoute,
  type Profile,
  Route,
  useProfile,
  WebService,
} from "../../constructs/index.ts";
import { render } from "../../constructs/testing/index.ts";
import { newChart, soundProps } from "../support/constructs.ts";
import { assertGolden } from "../support/golden.ts";

const withGateway: Profile = {
  kubernetes: "1.35",
  gateway: { name: "edge", namespace: "infra", listener: "https", proxies: "proxies" },
};
const withIngress: Profile = { kubernetes: "1.35", ingress: { className: "nginx", namespace: "ingress" } };
const closed = { ...soundProps, access: {} };

describe("A route", () => {
  it("leads from the gateway of the profile to a program, and lets the proxies through to its port", () => {
    const shop = render(
      (chart) => {
        const web = new WebService(chart, "web", { ...closed, ports: { admin: 9000 } });
        new Route(chart, "shop", { host: "shop.example.com", to: web });
      },
      { profile: withGateway },
    );
    shop.expectFindings();
    shop.expect("HTTPRoute", {
      metadata: { name: "shop" },
      spec: {
        parentRefs: [{ name: "edge", namespace: "infra", sectionName: "https" }],
        hostnames: ["shop.example.com"],
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ name: "web", port: 80 }],
          },
        ],
      },
    });
    shop.expect("NetworkPolicy", {
      spec: {
        ingress: [
          {
            ports: [{ port: 8080, protocol: "TCP" }],
            from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "proxies" } } }],
          },
        ],
      },
    });
  });

  it("tells requests apart by path, method and headers, and shares them out", () => {
    const shop = render(
      (chart) => {
        const [web, next, api] = ["web", "next", "api"].map((id) => new WebService(chart, id, closed));
        assert.ok(web && next && api);
        new Route(chart, "shop", {
          host: ["shop.example.com", "*.shop.example.com"],
          rules: [
            { path: "/api", method: "POST", headers: { "x-version": "2" }, timeoutSeconds: 5, to: api },
            { path: { exact: "/health" }, to: { service: api } },
            {
              to: [
                { service: web, weight: 90 },
                { service: next, weight: 10 },
              ],
            },
          ],
        });
      },
      { profile: withGateway },
    );
    shop.expectFindings();
    assertGolden("routes/http-route.json", `${JSON.stringify(shop.get("HTTPRoute"), null, 2)}\n`);
  });

  it("leads calls of gRPC by service and method", () => {
    const shop = render(
      (chart) => {
        const api = new WebService(chart, "api", closed);
        const rules = [
          { service: "acme.Cart", method: "Add", headers: { tenant: "a" }, to: api },
          { to: api },
        ];
        new GrpcRoute(chart, "calls", { host: "grpc.example.com", rules });
      },
      { profile: withGateway },
    );
    shop.expectFindings();
    assertGolden("routes/grpc-route.json", `${JSON.stringify(shop.get("GRPCRoute"), null, 2)}\n`);
  });

  it("leads into another namespace, which agrees by a grant", () => {
    const app = new App();
    useProfile(app, withGateway);
    const api = new WebService(new Chart(app, "back", { namespace: "back" }), "api", closed);
    new Route(new Chart(app, "front", { namespace: "front" }), "shop", { host: "shop.example.com", to: api });
    const shop = render(app);
    shop.expectFindings();
    shop.expect("HTTPRoute", {
      spec: {
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ name: "api", namespace: "back", port: 80 }],
          },
        ],
      },
    });
    shop.expect("ReferenceGrant", {
      metadata: { name: "front-shop", namespace: "back" },
      spec: {
        from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "front" }],
        to: [{ group: "", kind: "Service", name: "api" }],
      },
    });
  });

  it("is an Ingress where there is no gateway", () => {
    const shop = render(
      (chart) => {
        const web = new WebService(chart, "web", closed);
        const rules = [
          { path: "/api", to: web },
          { path: { exact: "/health" }, to: web },
        ] as const;
        new Route(chart, "shop", { host: "shop.example.com", rules });
      },
      { profile: { ...withIngress, ingress: { className: "nginx", namespace: "ingress", issuer: "acme" } } },
    );
    shop.expectFindings();
    assertGolden("routes/ingress.json", `${JSON.stringify(shop.get("Ingress"), null, 2)}\n`);
    shop.expect("NetworkPolicy", {
      spec: {
        ingress: [
          {
            ports: [{ port: 8080, protocol: "TCP" }],
            from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } }],
          },
        ],
      },
    });
  });

  it("takes a patch, which shows in the output", () => {
    const shop = render(
      (chart) => {
        const web = new WebService(chart, "web", closed);
        const patch = { route: { metadata: { annotations: { a: "b" } } } };
        new Route(chart, "shop", { host: "shop.example.com", to: web, patch });
      },
      { profile: withGateway },
    );
    shop.expectFindings();
    shop.expect("HTTPRoute", { metadata: { annotations: { a: "b" } } });
  });

  it("says what an Ingress cannot do, each with its place", () => {
    const chart = newChart();
    useProfile(chart, withIngress);
    const web = new WebService(chart, "web", soundProps);
    const rule = {
      method: "GET",
      headers: { a: "b" },
      timeoutSeconds: 1,
      to: [{ service: web }, { service: web }],
    } as const;
    new Route(chart, "shop", { host: "shop.example.com", rules: [rule] });
    new GrpcRoute(chart, "calls", { host: "grpc.example.com", to: web });
    assert.deepEqual(
      findingsOf(chart).map(({ code, constructPath, fieldPath }) => [code, constructPath, fieldPath]),
      [
        ["route-unsupported", "shop/shop", "rules.0.method"],
        ["route-unsupported", "shop/shop", "rules.0.headers"],
        ["route-unsupported", "shop/shop", "rules.0.timeoutSeconds"],
        ["route-unsupported", "shop/shop", "rules.0.to"],
        ["route-unsupported", "shop/calls", ""],
      ],
    );
  });

  it("needs something that carries it", () => {
    const chart = newChart();
    new Route(chart, "shop", { host: "shop.example.com", to: new WebService(chart, "web", soundProps) });
    assert.deepEqual(
      findingsOf(chart).map(({ code }) => code),
      ["gateway-missing"],
    );
  });
});
