import assert from "node:assert/strict";
import { ApiObject, type Chart } from "cdk8s";
import { allow, type Finding, findingsOf, useProfile } from "../../constructs/index.ts";
import { appOf, newChart } from "../support/constructs.ts";

describe("Objects of an app", () => {
  it("are checked for the version of Kubernetes that the profile names", () => {
    const spec = { containers: [{ name: "app" }], workloadRef: { name: "a", podGroup: "b" } };
    const codes = (kubernetes: "1.34" | "1.35"): readonly string[] => {
      const chart = newChart();
      useProfile(chart, { kubernetes });
      add(chart, "v1", "Pod", { spec });
      return codesOf(chart);
    };
    assert.deepEqual(codes("1.35"), []);
    assert.deepEqual(codes("1.34"), ["unknown-field spec.workloadRef"]);
  });

  it("are said to have a field of another version if that is so", () => {
    const chart = newChart();
    useProfile(chart, { kubernetes: "1.36" });
    add(chart, "v1", "Pod", {
      spec: { containers: [{ name: "app" }], workloadRef: { name: "a", podGroup: "b" } },
    });
    assert.equal(findingsOf(chart)[0]?.message, "Kubernetes 1.36 has no such field, 1.35 has it");
  });

  it("must be of an API that the version still serves", () => {
    const found = only("policy/v1beta1", "PodDisruptionBudget");
    assert.equal(found.code, "removed-api");
    assert.equal(found.message, "policy/v1beta1 PodDisruptionBudget is gone since Kubernetes 1.25");
    assert.equal(found.fix, "Use policy/v1 PodDisruptionBudget");
    assert.equal(only("policy/v1beta1", "PodSecurityPolicy").fix, "Use what has taken its place");
  });

  it("are warned of if their API is on its way out, or not there by default", () => {
    const deprecated = only("v1", "Endpoints");
    assert.deepEqual([deprecated.code, deprecated.severity], ["deprecated-api", "warning"]);
    assert.match(deprecated.fix, /EndpointSlice/);
    const preview = only("certificates.k8s.io/v1beta1", "ClusterTrustBundle", { spec: { trustBundle: "" } });
    assert.deepEqual([preview.code, preview.severity], ["preview-api", "warning"]);
  });

  it("must be of a kind that there is", () => {
    assert.equal(only("apps/v1", "Deploymnt").fix, 'Did you mean "apps/v1 Deployment"?');
    assert.equal(only("apps/v2", "Deployment").fix, 'Did you mean "apps/v1 Deployment"?');
    assert.match(only("v1", "Deployment").fix, /apps\/v1 Deployment/);
    assert.equal(only("v1", "Configmap").code, "unknown-kind");
  });

  it("stop the synthesis of an app with raw objects alone, once it has a profile", () => {
    const chart = newChart();
    useProfile(chart, { kubernetes: "1.35" });
    add(chart, "v1", "ConfigMap", { data: { port: 80 } });
    assert.throws(() => appOf(chart).synthYaml(), /data\.port: the number 80, is not text \[wrong-type\]/);
  });

  it("are excused by what is around them, for one field if it says so", () => {
    const chart = newChart();
    const object = add(chart, "v1", "ConfigMap", { datas: {}, binary: {} });
    allow(chart, { code: "unknown-field", fieldPath: "datas", reason: "a test" });
    assert.deepEqual(codesOf(chart), ["unknown-field binary"]);
    assert.deepEqual(
      findingsOf(chart, { excused: true }).map(({ fieldPath, excuse }) => [fieldPath, excuse]),
      [
        ["binary", undefined],
        ["datas", "a test"],
      ],
    );
    allow(object, { code: "unknown-field", reason: "another" });
    assert.deepEqual(codesOf(chart), []);
  });

  it("cannot be excused without a reason, or from what is simply wrong", () => {
    assert.throws(() => {
      allow(newChart(), { code: "unknown-field", reason: " " });
    }, /Cannot excuse "shop" from "unknown-field": the exception has no reason/);
    assert.throws(() => {
      // @ts-expect-error: a wrong type is wrong everywhere
      allow(newChart(), { code: "wrong-type", reason: "I insist" });
    }, /what it names must be corrected/);
  });
});

function add(chart: Chart, apiVersion: string, kind: string, rest: object = {}): ApiObject {
  return new ApiObject(chart, "object", { apiVersion, kind, metadata: { name: "object" }, ...rest });
}

function only(apiVersion: string, kind: string, rest: object = {}): Finding {
  const chart = newChart();
  add(chart, apiVersion, kind, rest);
  const [finding, ...more] = findingsOf(chart);
  assert.deepEqual(more, []);
  assert.ok(finding);
  return finding;
}

function codesOf(chart: Chart): readonly string[] {
  return findingsOf(chart).map(({ code, fieldPath }) => `${code} ${fieldPath}`);
}
