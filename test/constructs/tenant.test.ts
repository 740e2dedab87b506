import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import { findingsOf, Tenant, type TenantProps, useProfile, WebService } from "../../constructs/index.ts";
import { soundProps } from "../support/constructs.ts";
import { assertGolden } from "../support/golden.ts";

const everything: TenantProps = {
  namespaces: {
    shop: {},
    "shop-batch": { quota: { cpu: 32, devices: { "nvidia.com/gpu": 2 } }, podSecurity: "baseline" },
  },
  quota: { cpu: "8500m", memory: "16Gi", ephemeralStorage: "50Gi", pods: 40, storage: "200Gi", volumes: 10 },
  limits: {
    min: { cpu: "10m" },
    max: { memory: "4Gi" },
    standard: { cpu: "50m", memory: "64Mi" },
    volume: { min: "1Gi", max: "100Gi" },
  },
  groups: { view: ["shop-support"], edit: ["shop-developers", "shop-bots"], admin: ["shop-leads"] },
  labels: { stage: "production" },
  patch: { resourceQuota: { spec: { hard: { "count/jobs.batch": "50" } } } },
};

describe("A Tenant", () => {
  it("renders to the golden manifests with nothing said, and with everything", () => {
    assertGolden("tenant/smallest.yaml", synthesize({}));
    assertGolden("tenant/everything.yaml", synthesize(everything));
  });

  it("is a place for applications, which are without findings in it", () => {
    const app = new App();
    const tenant = new Tenant(new Chart(app, "tenants", { namespace: "elsewhere" }), "shop", {
      quota: { cpu: 8, memory: "16Gi" },
    });
    new WebService(new Chart(app, "web", { namespace: tenant.namespace }), "web", soundProps);
    assert.deepEqual([tenant.namespace, tenant.namespaces], ["shop", ["shop"]]);
    assert.deepEqual(findingsOf(app), []);
  });

  it("makes namespaces that belong to no namespace, whatever that of its chart", () => {
    const namespace = objectsOf({}).find(({ kind }) => kind === "Namespace");
    assert.ok(namespace && namespace.metadata.namespace === undefined);
  });

  it("enforces the level of the profile, unless it says another", () => {
    const level = (props: TenantProps, podSecurity?: "baseline"): unknown => {
      const app = new App();
      if (podSecurity) useProfile(app, { kubernetes: "1.35", podSecurity });
      const chart = new Chart(app, "tenants");
      new Tenant(chart, "shop", props);
      return (chart.toJson() as Rendered[])[0]?.metadata.labels?.["pod-security.kubernetes.io/enforce"];
    };
    assert.equal(level({}), "restricted");
    assert.equal(level({}, "baseline"), "baseline");
    assert.equal(level({ podSecurity: "privileged" }, "baseline"), "privileged");
  });

  it("gives groups Kubernetes' own roles, so nobody a wildcard and no viewer a Secret", () => {
    const bindings = objectsOf(everything).filter(({ kind }) => kind === "RoleBinding");
    assert.deepEqual(
      bindings.map(({ metadata, roleRef }) => [metadata.namespace, roleRef?.kind, roleRef?.name]),
      ["shop", "shop-batch"].flatMap((name) =>
        ["view", "edit", "admin"].map((role) => [name, "ClusterRole", role]),
      ),
    );
    assert.ok(objectsOf(everything).every(({ kind }) => kind !== "Role" && kind !== "ClusterRole"));
  });

  it("keeps its names when the construct is renamed with its name pinned", () => {
    assert.equal(synthesize({ name: "shop" }, "one"), synthesize({ name: "shop" }, "other"));
  });
});

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly roleRef?: { readonly kind: string; readonly name: string };
}

function synthesize(props: TenantProps, id = "shop"): string {
  const app = new App();
  new Tenant(new Chart(app, "tenants", { namespace: "elsewhere" }), id, props);
  assert.deepEqual(findingsOf(app), []);
  return app.synthYaml();
}

function objectsOf(props: TenantProps): readonly Rendered[] {
  const chart = new Chart(new App(), "tenants", { namespace: "elsewhere" });
  new Tenant(chart, "shop", props);
  return chart.toJson() as Rendered[];
}
