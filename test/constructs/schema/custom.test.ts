import assert from "node:assert/strict";
import { ApiObject, type ApiObjectProps } from "cdk8s";
import { allow, findingsOf, registerCrds } from "../../../constructs/index.ts";
import type { CustomResourceDefinition } from "../../../constructs/kubernetes/types.ts";
import { newChart } from "../../support/constructs.ts";

const definition: CustomResourceDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "backups.example.com" },
  spec: {
    group: "example.com",
    names: { kind: "Backup", plural: "backups" },
    scope: "Namespaced",
    versions: [
      { name: "v1alpha1", served: false, storage: false, schema: { openAPIV3Schema: { type: "object" } } },
      {
        name: "v1beta1",
        served: true,
        storage: false,
        deprecated: true,
        schema: { openAPIV3Schema: schema() },
      },
      { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema() } },
    ],
  },
};

const sound = { schedule: "0 3 * * *", target: { port: 80 } };

describe("Custom resources", () => {
  const cases: Readonly<Record<string, readonly [object, object, string, string]>> = {
    "an unknown field": [{ shedule: "x" }, {}, "unknown-field", "spec.shedule"],
    "a field that is missing": [{ target: {} }, {}, "missing-field", "spec.target.port"],
    "a wrong type": [{ keep: "3" }, { keep: 3 }, "wrong-type", "spec.keep"],
    "a number below its bound": [{ keep: 0 }, { keep: 1 }, "invalid-value", "spec.keep"],
    "a number above its bound": [{ keep: 101 }, { keep: 100 }, "invalid-value", "spec.keep"],
    "a text that does not match": [
      { schedule: "daily!" },
      { schedule: "@daily" },
      "invalid-value",
      "spec.schedule",
    ],
    "a text that is too long": [{ note: "12345" }, { note: "1234" }, "invalid-value", "spec.note"],
    "a list that is too short": [{ hosts: [] }, { hosts: ["a"] }, "invalid-value", "spec.hosts"],
    "a value twice in a set": [
      { hosts: ["a", "a"] },
      { hosts: ["a", "b"] },
      "duplicate-item",
      "spec.hosts.1",
    ],
    "two items of one key": [
      { steps: [{ id: "a" }, { id: "a" }] },
      { steps: [{ id: "a" }, { id: "b" }] },
      "duplicate-item",
      "spec.steps.1",
    ],
    "a word that is not known": [{ mode: "ful" }, { mode: "full" }, "invalid-value", "spec.mode"],
    "text for a value of a map": [
      { limits: { a: "1" } },
      { limits: { a: 1 } },
      "wrong-type",
      "spec.limits.a",
    ],
  };
  for (const [title, [bad, good, code, path]] of Object.entries(cases)) {
    it(`are checked by their definition: ${title}`, () => {
      assert.deepEqual(found("v1", bad), [`${code} ${path}`]);
      assert.deepEqual(found("v1", good), [], "the good twin must be accepted");
    });
  }

  it("may hold anything where their definition keeps unknown fields", () => {
    assert.deepEqual(found("v1", { template: { anything: [1, { at: "all" }] } }), []);
  });

  it("are known without being registered if the app contains their definition", () => {
    const chart = newChart();
    const { apiVersion, kind, spec } = definition;
    new ApiObject(chart, "crd", {
      apiVersion,
      kind,
      metadata: { name: "backups.example.com" },
      spec,
    } as object as ApiObjectProps);
    backup(chart, "v1", { keep: "3" });
    assert.deepEqual(codesOf(chart), ["wrong-type spec.keep"]);
  });

  it("are warned of if nothing is known of their kind, unless that is excused", () => {
    const chart = newChart();
    const object = backup(chart, "v1", { anything: 1 });
    assert.deepEqual(codesOf(chart), ["unchecked-kind kind"]);
    allow(object, { code: "unchecked-kind", reason: "its operator checks it" });
    assert.deepEqual(codesOf(chart), []);
  });

  it("must be of a version that is served, and are warned of if it is deprecated", () => {
    assert.deepEqual(found("v1alpha1", {}), ["unknown-kind kind"]);
    assert.deepEqual(found("v1beta1", {}), ["deprecated-api apiVersion"]);
  });
});

function found(version: string, spec: object): readonly string[] {
  const chart = newChart();
  registerCrds(chart, definition);
  backup(chart, version, spec);
  return codesOf(chart);
}

function backup(chart: ReturnType<typeof newChart>, version: string, spec: object): ApiObject {
  const props = { apiVersion: `example.com/${version}`, kind: "Backup", metadata: { name: "b" } };
  return new ApiObject(chart, "backup", { ...props, spec: { ...sound, ...spec } });
}

function codesOf(chart: ReturnType<typeof newChart>): readonly string[] {
  return findingsOf(chart).map(({ code, fieldPath }) => `${code} ${fieldPath}`);
}

function schema(): NonNullable<
  CustomResourceDefinition["spec"]["versions"][number]["schema"]
>["openAPIV3Schema"] &
  object {
  const text = { type: "string" };
  const step = { type: "object", required: ["id"], properties: { id: text } };
  const properties = {
    schedule: { ...text, pattern: "^[@0-9*/, -]+[a-z]*$" },
    keep: { type: "integer", format: "int32", minimum: 1, maximum: 100 },
    note: { ...text, maxLength: 4 },
    mode: { ...text, enum: ["full", "partial"] },
    retry: { type: "integer", default: 3 },
    hosts: { type: "array", minItems: 1, items: text, "x-kubernetes-list-type": "set" },
    steps: {
      type: "array",
      items: step,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["id"],
    },
    limits: { type: "object", additionalProperties: { type: "integer" } },
    target: {
      type: "object",
      required: ["port"],
      properties: { port: { "x-kubernetes-int-or-string": true } },
    },
    template: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
  return {
    type: "object",
    required: ["spec"],
    properties: { spec: { type: "object", required: ["schedule", "retry"], properties } },
  };
}
