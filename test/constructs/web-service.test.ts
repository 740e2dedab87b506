import assert from "node:assert/strict";
import { App, Chart, YamlOutputType } from "cdk8s";
import { Construct } from "constructs";
import { explain, WebService, type WebServiceProps } from "../../constructs/index.ts";
import type { Deployment, NetworkPolicy, PodSpec } from "../../constructs/kubernetes/types.ts";
import {
  findingsAround,
  newChart,
  objectOf,
  appOf,
  kindsAround,
  soundProps,
  webService,
} from "../support/constructs.ts";
import { assertGolden } from "../support/golden.ts";
import { findRestricted, type Pod } from "../support/pod-security.ts";

describe("WebService", () => {
  it("renders the smallest program to the golden manifests", () => {
    const chart = newChart();
    new WebService(chart, "web", { image: "ghcr.io/acme/web:1.4.2", port: 8080 });
    assertGolden("web-service/smallest.yaml", appOf(chart).synthYaml());
  });

  it("renders a program that says everything to the golden manifests", () => {
    const chart = newChart();
    const caller = new WebService(chart, "caller", { ...soundProps, access: { to: [] } });
    new WebService(chart, "everything", everything(caller));
    assertGolden("web-service/everything.yaml", appOf(chart).synthYaml());
  });

  it("passes Pod Security restricted with default properties, and with every size", () => {
    for (const size of [undefined, "small", "medium", "large", { cpu: 2, memory: "1Gi" }]) {
      const pod = podOf(webService(size === undefined ? {} : { size }));
      assert.deepEqual(findRestricted(pod as Pod), []);
    }
  });

  it("sets requests and a memory limit, and no CPU limit", () => {
    const { resources } = containerOf(webService({ size: "medium" }));
    assert.deepEqual(resources, { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "512Mi" } });
  });

  it("makes a disruption budget from two replicas on", () => {
    const kinds = (replicas: number): readonly string[] => kindsAround(webService({ replicas }));
    assert.ok(!kinds(1).includes("PodDisruptionBudget"));
    assert.ok(kinds(2).includes("PodDisruptionBudget"));
    const budget = objectOf(webService({ replicas: 3 }), "PodDisruptionBudget");
    assert.equal(budget.spec?.maxUnavailable, 1);
  });

  it("asks only for an accepted connection until health is declared, and warns", () => {
    const service = webService({ health: undefined });
    assert.deepEqual(containerOf(service).readinessProbe?.tcpSocket, { port: "http" });
    assert.deepEqual(codesOf(service), ["health-undeclared"]);
    assert.equal(findingsAround(service)[0]?.severity, "warning");
  });

  it("probes liveness only if it is declared, and gives the program time to start", () => {
    assert.equal(containerOf(webService()).livenessProbe, undefined);
    const live = containerOf(
      webService({ health: { ready: "/readyz", live: "/healthz", startupSeconds: 30 } }),
    );
    assert.equal(live.livenessProbe?.httpGet?.path, "/healthz");
    assert.equal(Number(live.startupProbe?.failureThreshold) * Number(live.startupProbe?.periodSeconds), 30);
  });

  it("is closed to callers that are not named, and open to those that are", () => {
    const chart = newChart();
    const web = new WebService(chart, "web", { ...soundProps, access: { to: [] } });
    const api = new WebService(chart, "api", {
      ...soundProps,
      port: 9000,
      access: { from: [web, { namespace: "ops" }] },
    });
    assert.deepEqual(policyOf(web).ingress, []);
    assert.deepEqual(policyOf(api).ingress?.[0]?.from, [
      { podSelector: { matchLabels: { "app.kubernetes.io/name": "web" } } },
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ops" } } },
    ]);
  });

  it("opens both ends of a connection, whichever end names the other", () => {
    for (const namedBy of ["caller", "callee"]) {
      const chart = newChart();
      const callee = new WebService(chart, "callee", { ...soundProps, port: 9000, access: {} });
      const access = namedBy === "caller" ? { to: [callee] } : { to: [] };
      const caller = new WebService(chart, "caller", { ...soundProps, access });
      if (namedBy === "callee") new WebService(chart, "other", { ...soundProps, access: { from: [caller] } });
      const target = namedBy === "caller" ? "callee" : "other";
      const ports = policyOf(caller).egress?.at(-1);
      assert.deepEqual(ports?.to, [{ podSelector: { matchLabels: { "app.kubernetes.io/name": target } } }]);
      if (namedBy === "caller") assert.equal(policyOf(callee).ingress?.length, 1);
    }
  });

  it("always reaches DNS", () => {
    const closed = policyOf(webService({ access: { from: ["namespace"], to: [] } }));
    assert.equal(closed.egress?.length, 1);
    assert.deepEqual(
      closed.egress[0]?.ports?.map(({ port, protocol }) => `${String(port)}/${String(protocol)}`),
      ["53/UDP", "53/TCP"],
    );
    assert.deepEqual(
      policyOf(webService()).egress,
      [{}],
      "whom it calls is not declared, so it may call anyone",
    );
  });

  it("opens its network policy with a node port", () => {
    const service = webService({ expose: { nodePort: 30_080 }, access: {} });
    assert.equal(objectOf(service, "Service").spec?.ports?.[0]?.nodePort, 30_080);
    assert.deepEqual(policyOf(service).ingress, [{ ports: [{ port: 8080, protocol: "TCP" }] }]);
    assert.equal(objectOf(webService({ expose: { nodePort: "any" } }), "Service").spec?.type, "NodePort");
  });

  it("selects its pods by one label everywhere", () => {
    const service = webService();
    const selector = { "app.kubernetes.io/name": "web" };
    assert.deepEqual(deploymentOf(service).spec?.selector.matchLabels, selector);
    assert.deepEqual(objectOf(service, "Service").spec?.selector, selector);
    assert.deepEqual(policyOf(service).podSelector?.matchLabels, selector);
    assert.partialDeepStrictEqual(deploymentOf(service).spec?.template.metadata?.labels, selector);
  });

  it("derives its name from the constructs between it and the chart", () => {
    const group = new Construct(newChart(), "billing");
    assert.equal(new WebService(group, "api", soundProps).name, "billing-api");
  });

  it("keeps all names and selectors when a construct with a pinned name is renamed or moved", () => {
    const render = (build: (chart: Chart) => Construct, id: string): string => {
      const chart = newChart();
      const service = new WebService(build(chart), id, { ...soundProps, name: "web" });
      return appOf(service).synthYaml();
    };
    const before = render((chart) => chart, "web");
    assert.equal(
      render((chart) => chart, "frontend"),
      before,
    );
    assert.equal(
      render((chart) => new Construct(chart, "moved"), "frontend"),
      before,
    );
  });

  it("renders the same bytes for the same program, whatever the app writes", () => {
    const render = (options: { yamlOutputType?: YamlOutputType }): string => {
      const app = new App(options);
      new WebService(new Chart(app, "shop", { namespace: "shop" }), "web", soundProps);
      return app.synthYaml();
    };
    assert.equal(render({}), render({ yamlOutputType: YamlOutputType.FILE_PER_RESOURCE }));
  });

  it("tells where it answers inside the cluster", () => {
    assert.equal(webService().url, "http://web.shop");
    assert.equal(new WebService(newChart({}), "web", soundProps).url, "http://web");
  });

  it("lets the pods learn about themselves", () => {
    const { env } = containerOf(webService({ env: { NODE: { field: "spec.nodeName" }, A: "1" } }));
    assert.deepEqual(env, [
      { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      { name: "A", value: "1" },
    ]);
  });

  it("explains every default that it filled in, and none that was given", () => {
    const defaults = explain(webService());
    assert.ok(defaults.every(({ why }) => why.length > 0));
    const fields = defaults.map(({ fieldPath }) => fieldPath);
    assert.ok(fields.includes("replicas"));
    assert.ok(fields.includes("deployment.spec.template.spec.securityContext.runAsNonRoot"));
    assert.ok(
      !webService({ replicas: 3 })
        .explain()
        .some(({ fieldPath }) => fieldPath === "replicas"),
    );
  });

  it("excuses what an exception with a reason names", () => {
    const allow = [{ code: "single-replica", reason: "a singleton by design" }];
    assert.deepEqual(codesOf(webService({ replicas: 1 })), ["single-replica"]);
    assert.deepEqual(codesOf(webService({ replicas: 1, allow })), []);
    const image = "ghcr.io/acme/web:latest";
    assert.deepEqual(
      codesOf(webService({ image, allow: [{ code: "image-unpinned", reason: "a preview" }] })),
      [],
    );
  });
});

function everything(caller: WebService): WebServiceProps {
  return {
    image: "registry.example.com:5000/team/api:2.0.0",
    port: 9000,
    replicas: 3,
    size: { cpu: "500m", memory: "1Gi" },
    health: { ready: "/readyz", live: { exec: ["/bin/check"] }, startupSeconds: 120 },
    expose: { nodePort: 30_900 },
    access: {
      from: [caller],
      to: ["namespace", { namespace: "db", app: "pg" }, { cidr: "203.0.113.0/24", ports: [443] }],
    },
    env: { MODE: "strict", NODE_NAME: { field: "spec.nodeName" } },
    command: ["/api"],
    args: ["--verbose"],
    shutdownSeconds: 55,
    name: "api",
    patch: {
      container: { securityContext: { runAsUser: 1000 } },
      pod: { priorityClassName: "important", hostAliases: [{ ip: "127.0.0.1", hostnames: ["local"] }] },
      deployment: { spec: { revisionHistoryLimit: 3 } },
      service: { metadata: { annotations: { "example.com/team": "api" } } },
      podDisruptionBudget: { spec: { unhealthyPodEvictionPolicy: null } },
    },
  };
}

function deploymentOf(service: WebService): Deployment {
  return objectOf(service, "Deployment");
}

function podOf(service: WebService): PodSpec {
  return deploymentOf(service).spec?.template.spec as PodSpec;
}

function containerOf(service: WebService): PodSpec["containers"][number] {
  return podOf(service).containers[0]!;
}

function policyOf(service: WebService): NonNullable<NetworkPolicy["spec"]> {
  return objectOf(service, "NetworkPolicy").spec!;
}

function codesOf(service: WebService): readonly string[] {
  return findingsAround(service).map(({ code }) => code);
}
