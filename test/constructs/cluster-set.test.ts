import assert from "node:assert/strict";
import type { Chart } from "cdk8s";
import {
  type Application,
  type ImportedService,
  type Profile,
  StatefulService,
  useClusterSet,
  useProfile,
  WebService,
  type WebServiceProps,
  Worker,
} from "../../constructs/index.ts";
import { appOf, findingsAround, newChart, objectOf, soundProps } from "../support/constructs.ts";
import { assertGolden } from "../support/golden.ts";
import { soundWorkloads } from "../support/workloads.ts";

type Implementation = Profile["clusterSet"];
const image = "ghcr.io/acme/app:1.4.2";
const nodes = ["192.0.2.10/32", "192.0.2.11/32"];

function chartIn(clusterSet: Implementation, namespace = "shop"): Chart {
  const chart = newChart({ namespace });
  useProfile(chart, { kubernetes: "1.35", ...(clusterSet && { clusterSet }) });
  return chart;
}

function exporter(clusterSet: Implementation, props: object = {}, namespace = "shop"): WebService {
  const given = { ...soundProps, expose: "clusterSet", ...props } as WebServiceProps;
  return new WebService(chartIn(clusterSet, namespace), "api", given);
}

function importer(
  clusterSet: Implementation,
  api: Partial<ImportedService> = {},
  { isRestricted = true, isTold = true } = {},
): Application {
  const chart = chartIn(clusterSet, "web");
  if (isTold) useClusterSet(chart, { cidrs: nodes });
  return new Worker(chart, "worker", {
    image,
    uses: { api: { imported: "api", namespace: "shop", ...api } },
    ...(isRestricted && { access: { to: [] } }),
  });
}

/** What differs for a service that is exported. */
const manifests = (application: Application): string =>
  appOf(application)
    .synthYaml()
    .split("---\n")
    .filter((text) => /^kind: (Service|ServiceExport|NetworkPolicy)$/m.test(text))
    .join("---\n");
const codes = (application: Application): readonly string[] =>
  findingsAround(application).map(({ code, fieldPath }) => `${code} ${fieldPath}`);
const egressOf = (application: Application): unknown =>
  objectOf(application, "NetworkPolicy").spec?.egress?.slice(1);

describe("a service that is exported to a cluster set", () => {
  it("opens a port on every node that the cluster chooses, and is marked, where there is no controller", () => {
    const service = exporter("nodePort", { access: {} });

    assert.deepEqual(codes(service), []);
    assertGolden("cluster-set/exported-by-node-port.yaml", manifests(service));
  });

  it("is named by a ServiceExport where there is one", () => {
    const service = exporter("mcs", { access: {} });

    assert.deepEqual(codes(service), []);
    assertGolden("cluster-set/exported-by-mcs.yaml", manifests(service));
  });

  it("keeps a node port that is asked for, and is exported only if it says so", () => {
    const pinned = objectOf(
      exporter("nodePort", { expose: { nodePort: 30_090, clusterSet: true } }),
      "Service",
    );
    const alone = objectOf(exporter("nodePort", { expose: { nodePort: 30_090 } }), "Service");

    assert.equal(pinned.spec?.ports?.[0]?.nodePort, 30_090);
    assert.deepEqual(pinned.metadata?.annotations, { "keelson.dev/exported": "true" });
    assert.equal(alone.metadata?.annotations, undefined);
  });

  it("may be that of a stateful service; the headless one stays as it is", () => {
    const props = { ...soundWorkloads.statefulService, expose: "clusterSet" } as const;
    const service = new StatefulService(chartIn("nodePort"), "db", props);

    assert.equal(objectOf(service, "Service").spec?.type, "NodePort");
    assert.deepEqual(codes(service), []);
    assert.equal(
      appOf(service)
        .synthYaml()
        .match(/type: NodePort/g)?.length,
      1,
    );
  });

  it("is a finding where the profile knows no cluster set, or with names that are too long together", () => {
    assert.deepEqual(codes(exporter(undefined)), ["cluster-set-missing expose"]);
    assert.deepEqual(codes(exporter("nodePort", {}, "n".repeat(58))), []);
    assert.deepEqual(codes(exporter("nodePort", {}, "n".repeat(59))), ["invalid-name expose"]);
    assert.deepEqual(codes(exporter("mcs", {}, "n".repeat(59))), []);
  });

  it("is a finding if it is said in words that there are not", () => {
    assert.deepEqual(codes(exporter("nodePort", { expose: { nodePort: "any", clusterSet: "yes" } })), [
      "wrong-type expose.clusterSet",
    ]);
    const props = { ...soundWorkloads.statefulService, expose: "everywhere" as never };
    assert.deepEqual(codes(new StatefulService(chartIn("nodePort"), "db", props)), ["invalid-value expose"]);
  });
});

describe("a service that is imported from a cluster set", () => {
  it("gives the name that all clusters know it by, the port, and a URL of HTTP unless it has another port", () => {
    const env = (port?: number): unknown =>
      objectOf(
        new WebService(chartIn("nodePort"), "web", {
          ...soundProps,
          uses: { api: { imported: "api", namespace: "shop", ...(port && { port }) } },
        }),
        "Deployment",
      ).spec?.template.spec?.containers[0]?.env;

    assert.deepEqual(env(), [
      { name: "API_HOST", value: "api.shop.svc.clusterset.local" },
      { name: "API_PORT", value: "80" },
      { name: "API_URL", value: "http://api.shop.svc.clusterset.local" },
    ]);
    assert.deepEqual(env(5432), [
      { name: "API_HOST", value: "api.shop.svc.clusterset.local" },
      { name: "API_PORT", value: "5432" },
    ]);
  });

  it("opens the node ports of the other clusters, and the pods of its own", () => {
    const worker = importer("nodePort");

    assert.deepEqual(codes(worker), []);
    assert.deepEqual(egressOf(worker), [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } },
            podSelector: { matchLabels: { "app.kubernetes.io/name": "api" } },
          },
        ],
      },
      {
        to: nodes.map((cidr) => ({ ipBlock: { cidr } })),
        ports: [{ port: 30_000, endPort: 32_767, protocol: "TCP" }],
      },
    ]);
  });

  it("opens the pod networks that a controller leads to; all addresses, with a warning, if nobody names them", () => {
    const named = importer("mcs", { cidrs: ["10.32.0.0/16"] });
    const anyone = importer("mcs");

    assert.deepEqual(codes(named), []);
    assert.deepEqual((egressOf(named) as unknown[]).at(-1), { to: [{ ipBlock: { cidr: "10.32.0.0/16" } }] });
    assert.deepEqual(codes(anyone), ["host-unrestricted uses.api"]);
    assert.deepEqual(objectOf(anyone, "NetworkPolicy").spec?.egress, [{}]);
  });

  it("needs to know of the other clusters only if the program may not call anyone", () => {
    assert.deepEqual(codes(importer("nodePort", {}, { isTold: false })), ["cluster-set-missing uses.api"]);
    assert.deepEqual(codes(importer("nodePort", {}, { isTold: false, isRestricted: false })), []);
    assert.deepEqual(codes(importer(undefined)), ["cluster-set-missing uses.api"]);
  });

  it("is a finding for each thing that cannot be", () => {
    const wrong = { imported: "Api", namespace: "", port: 0, cidrs: ["shop"], host: "shop" } as never;

    assert.deepEqual(codes(importer("nodePort", wrong)), [
      "unknown-property uses.api.host",
      "invalid-name uses.api.imported",
      "invalid-name uses.api.namespace",
      "invalid-value uses.api.port",
      "invalid-value uses.api.cidrs.0",
    ]);
  });
});
