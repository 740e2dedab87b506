import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import fc from "fast-check";
import { SecretRef, StatefulService, WebService, Worker } from "../../constructs/index.ts";
import type { EnvVar, NetworkPolicy } from "../../constructs/kubernetes/types.ts";
import { variableName } from "../../constructs/uses/variables.ts";
import { findingsAround, newChart, objectOf, soundProps } from "../support/constructs.ts";
import { soundWorkloads } from "../support/workloads.ts";

const image = "ghcr.io/acme/app:1.4.2";
const callerOf = (name: string): object => ({
  podSelector: { matchLabels: { "app.kubernetes.io/name": name } },
});

describe("What a program uses", () => {
  it("gives it the host, the port and the URL of a web service", () => {
    const chart = newChart();
    const web = new WebService(chart, "web", { ...soundProps, ports: { admin: 9000 } });
    const worker = new Worker(chart, "worker", {
      image,
      uses: { web, webAdmin: { service: web, port: "admin", scheme: "https", path: "/v1" } },
    });
    assert.deepEqual(envOf(worker), [
      { name: "WEB_HOST", value: "web.shop" },
      { name: "WEB_PORT", value: "80" },
      { name: "WEB_URL", value: "http://web.shop" },
      { name: "WEB_ADMIN_HOST", value: "web.shop" },
      { name: "WEB_ADMIN_PORT", value: "9000" },
      { name: "WEB_ADMIN_URL", value: "https://web.shop:9000/v1" },
    ]);
    assert.deepEqual(findingsAround(worker), []);
  });

  it("gives it the secrets that go with a database, and a URL only if it is known what that speaks", () => {
    const chart = newChart();
    const db = new StatefulService(chart, "db", { ...soundWorkloads.statefulService, access: {} });
    const secret = new SecretRef("db-app", { keys: ["password"] });
    const values = { password: secret.value("password") };
    const worker = new Worker(chart, "worker", {
      image,
      uses: { db, orderDb: { service: db, values, scheme: "postgres" } },
    });
    assert.deepEqual(envOf(worker).slice(2), [
      { name: "ORDER_DB_HOST", value: "db.shop" },
      { name: "ORDER_DB_PORT", value: "5432" },
      { name: "ORDER_DB_URL", value: "postgres://db.shop:5432" },
      { name: "ORDER_DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db-app", key: "password" } } },
    ]);
    assert.deepEqual(envOf(worker)[1], { name: "DB_PORT", value: "5432" });
  });

  it("fills only what its env does not say", () => {
    const chart = newChart();
    const web = new WebService(chart, "web", soundProps);
    const worker = new Worker(chart, "worker", {
      image,
      uses: { web },
      env: { WEB_URL: "http://localhost" },
    });
    assert.deepEqual(
      envOf(worker).map(({ name, value }) => `${name}=${value}`),
      ["WEB_HOST=web.shop", "WEB_PORT=80", "WEB_URL=http://localhost"],
    );
  });

  it("opens the way at both ends, for that port alone, and DNS", () => {
    const chart = newChart();
    const web = new WebService(chart, "web", { ...soundProps, ports: { admin: 9000 }, access: {} });
    const worker = new Worker(chart, "worker", {
      image,
      init: { migrate: { image, uses: { admin: { service: web, port: "admin" } } } },
      access: { to: [] },
    });
    const ports = [{ port: 9000, protocol: "TCP" }];
    assert.deepEqual(policyOf(web).ingress, [{ ports, from: [callerOf("worker")] }]);
    assert.deepEqual(policyOf(worker).egress?.slice(1), [{ to: [callerOf("web")], ports }]);
    assert.equal(policyOf(worker).egress?.[0]?.ports?.[0]?.port, 53);
    assert.deepEqual(envOf(worker), [], "only the container that uses it gets the variables");
  });

  it("leads into another namespace, by the name that holds from everywhere", () => {
    const app = new App();
    const db = new StatefulService(new Chart(app, "data", { namespace: "data" }), "db", {
      ...soundWorkloads.statefulService,
      access: {},
    });
    const worker = new Worker(new Chart(app, "shop", { namespace: "shop" }), "worker", {
      image,
      uses: { db },
      access: { to: [] },
    });
    assert.equal(envOf(worker)[0]?.value, "db.data");
    const peer = (namespace: string, name: string): object => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      ...callerOf(name),
    });
    assert.deepEqual(policyOf(worker).egress?.at(-1)?.to, [peer("data", "db")]);
    assert.deepEqual(policyOf(db).ingress?.[0]?.from?.slice(1), [peer("shop", "worker")]);
  });

  it("may be outside of the app: opened by its addresses, or by its port alone with a warning", () => {
    const to = (cidrs?: readonly string[]): Worker =>
      new Worker(newChart(), "worker", {
        image,
        uses: { db: { host: "db.example.com", port: 5432, scheme: "postgres", ...(cidrs && { cidrs }) } },
        access: { to: [] },
      });
    const ports = [{ port: 5432, protocol: "TCP" }];
    const known = to(["203.0.113.0/24"]);
    assert.deepEqual(policyOf(known).egress?.slice(1), [
      { to: [{ ipBlock: { cidr: "203.0.113.0/24" } }], ports },
    ]);
    assert.deepEqual(findingsAround(known), []);
    const unknown = to();
    assert.deepEqual(policyOf(unknown).egress?.slice(1), [{ ports }]);
    assert.deepEqual(
      findingsAround(unknown).map(({ code, fieldPath }) => [code, fieldPath]),
      [["host-unrestricted", "uses.db.host"]],
    );
  });

  it("may be an address, of which nothing more is open", () => {
    const openFor = (host: string): unknown =>
      policyOf(
        new Worker(newChart(), "worker", { image, uses: { db: { host, port: 1 } }, access: { to: [] } }),
      ).egress?.[1]?.to;
    assert.deepEqual(openFor("203.0.113.7"), [{ ipBlock: { cidr: "203.0.113.7/32" } }]);
    assert.deepEqual(openFor("2001:db8::7"), [{ ipBlock: { cidr: "2001:db8::7/128" } }]);
  });

  it("changes nothing about whom a program may call that may call anyone", () => {
    const chart = newChart();
    const web = new WebService(chart, "web", soundProps);
    assert.deepEqual(policyOf(new Worker(chart, "worker", { image, uses: { web } })).egress, [{}]);
  });

  it("begins variables that every shell takes, whatever its name", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,20}$/), (name) => {
        assert.match(`${variableName(name)}_HOST`, /^[A-Z][A-Z0-9_]*$/);
        assert.equal(variableName(name).replaceAll("_", ""), name.replaceAll("-", "").toUpperCase());
      }),
    );
    assert.equal(variableName("orderDb"), "ORDER_DB");
    assert.equal(variableName("order-db2"), "ORDER_DB2");
  });
});

function envOf(worker: Worker): readonly EnvVar[] {
  return objectOf(worker, "Deployment").spec?.template.spec?.containers[0]?.env ?? [];
}

function policyOf(workload: Parameters<typeof objectOf>[0]): NonNullable<NetworkPolicy["spec"]> {
  return objectOf(workload, "NetworkPolicy").spec as NonNullable<NetworkPolicy["spec"]>;
}
