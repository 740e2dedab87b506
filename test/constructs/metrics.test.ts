import assert from "node:assert/strict";
import { goldenCases, render } from "../../constructs/testing/index.ts";
import { NodeAgent, type Profile, WebService, Worker } from "../../constructs/index.ts";
import { soundProps } from "../support/constructs.ts";

const image = "ghcr.io/acme/app:1.4.2";
const monitoring = { namespace: "monitoring", labels: { release: "main" } };
const profile: Profile = { kubernetes: "1.35", monitoring };
const scrapers = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } };
const only = (port: number): object => ({ ports: [{ port, protocol: "TCP" }], from: [scrapers] });

describe("Metrics of a program", () => {
  const cases = goldenCases<object>(
    {
      on_a_port_of_their_own: {
        input: { metrics: { port: 9090, intervalSeconds: 15 } },
        objects: {
          PodMonitor: {
            metadata: { name: "app", labels: { release: "main" } },
            spec: {
              selector: { matchLabels: { "app.kubernetes.io/name": "app" } },
              podMetricsEndpoints: [{ port: "metrics", path: "/metrics", interval: "15s" }],
            },
          },
          NetworkPolicy: { spec: { ingress: [only(9090)] } },
        },
      },
      on_a_port_of_a_sidecar: {
        input: {
          sidecars: { exporter: { image, ports: { exporter: 9187 } } },
          metrics: { port: "exporter" },
        },
        objects: {
          PodMonitor: { spec: { podMetricsEndpoints: [{ port: "exporter", path: "/metrics" }] } },
          NetworkPolicy: { spec: { ingress: [only(9187)] } },
        },
      },
      error_without_a_port: { input: { metrics: {} }, findings: ["port-missing"] },
      error_on_a_port_that_there_is_not: {
        input: { metrics: { port: "admin" } },
        findings: ["port-missing"],
      },
      error_without_a_slash: {
        input: { metrics: { port: 9090, path: "metrics" } },
        findings: ["invalid-value"],
      },
    },
    (chart, input) => new Worker(chart, "app", { image, ...input }),
    { profile },
  );
  for (const { title, run } of cases) it(`are read ${title.replaceAll("_", " ")}`, run);

  it("are told on the main port if nothing else is said, and open to those who read them beside the callers", () => {
    const shop = render((chart) => new WebService(chart, "web", { ...soundProps, metrics: { path: "/m" } }), {
      profile,
    });
    shop.expectFindings();
    shop.expect("PodMonitor", { spec: { podMetricsEndpoints: [{ port: "http", path: "/m" }] } });
    const ports = [{ port: 8080, protocol: "TCP" }];
    shop.expect("NetworkPolicy", { spec: { ingress: [{ ports, from: [{ podSelector: {} }, scrapers] }] } });
  });

  it("are kept from the callers of a service: its Service has no such port", () => {
    const shop = render((chart) => new WebService(chart, "web", { ...soundProps, metrics: { port: 9090 } }), {
      profile,
    });
    const { spec } = shop.get("Service") as unknown as { spec: { ports: readonly { name: string }[] } };
    assert.deepEqual(
      spec.ports.map(({ name }) => name),
      ["http"],
    );
    const policy = shop.get("NetworkPolicy") as unknown as { spec: { ingress: readonly object[] } };
    assert.deepEqual(policy.spec.ingress[1], only(9090));
  });

  it("are told by annotations where Prometheus finds pods by them", () => {
    const byAnnotations: Profile = {
      kubernetes: "1.35",
      monitoring: { ...monitoring, finds: "annotations" },
    };
    const shop = render((chart) => new NodeAgent(chart, "agent", { image, metrics: { port: 9100 } }), {
      profile: byAnnotations,
    });
    shop.expect("DaemonSet", {
      spec: {
        template: {
          metadata: {
            annotations: {
              "prometheus.io/scrape": "true",
              "prometheus.io/port": "9100",
              "prometheus.io/path": "/metrics",
            },
          },
        },
      },
    });
    assert.ok(!shop.objects.some(({ kind }) => kind === "PodMonitor"));
  });

  it("are warned of where nothing reads them, and a service stays one that nobody may call", () => {
    const props = { ...soundProps, access: {}, metrics: {} };
    render((chart) => new WebService(chart, "web", props)).expectFindings("metrics-unscraped", "unreachable");
    render((chart) => new WebService(chart, "web", props), { profile }).expectFindings("unreachable");
  });
});
