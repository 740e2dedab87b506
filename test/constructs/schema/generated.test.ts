import assert from "node:assert/strict";
import { minors } from "../../../constructs/kubernetes/schema.ts";
import { catalogueOf, defaultMinor, lifecycleOf } from "../../../constructs/schema/catalogue.ts";
import type { Field } from "../../../constructs/schema/type.ts";

describe("The schemas of Kubernetes", () => {
  it("know what each minor serves", () => {
    const gang = (minor: string): unknown =>
      catalogueOf(minor).find("scheduling.k8s.io/v1alpha1", "Workload");
    assert.deepEqual(
      ["1.34", "1.35", "1.36"].map((minor) => gang(minor) !== undefined),
      [false, true, false],
    );
    assert.equal(catalogueOf("1.36").find("apps/v1", "Deployment")?.namespaced, true);
    assert.equal(catalogueOf("1.36").find("v1", "Namespace")?.namespaced, false);
  });

  it("can be read to the last field", () => {
    for (const minor of minors) {
      const catalogue = catalogueOf(minor);
      const seen = new Set<ReadonlyMap<string, Field>>();
      for (const name of catalogue.kinds) {
        const [apiVersion = "", kind = ""] = name.split(" ");
        const type = catalogue.find(apiVersion, kind)?.type;
        assert.ok(type);
        visit(type.fields(), seen);
      }
      assert.ok(seen.size > 450, `${minor} has only ${seen.size} definitions`);
    }
  });

  it("know the fields of a container: what is required, keys, words, references", () => {
    const pod = catalogueOf(defaultMinor).find("v1", "Pod");
    const spec = fieldOf(pod?.type.fields(), "spec");
    const containers = fieldOf(spec, "containers", true);
    assert.equal(containers.get("name")?.required, true);
    assert.equal(containers.get("image")?.required, false);
    assert.deepEqual(containers.get("imagePullPolicy")?.type, {
      kind: "enum",
      values: ["Always", "IfNotPresent", "Never"],
    });
    const ports = containers.get("ports")?.type;
    assert.ok(ports?.kind === "list");
    assert.deepEqual([ports.keys, ports.mergeKey], [["containerPort", "protocol"], "containerPort"]);
  });

  it("stand in for a minor that is not known by the nearest older one", () => {
    assert.equal(catalogueOf("1.99").minor, "1.36");
    assert.equal(catalogueOf("1.2").minor, "1.34");
  });

  it("know when an API leaves, and what replaces it", () => {
    const [deprecated, removed] = [21, 25];
    const replacement = "policy/v1 PodDisruptionBudget";
    assert.deepEqual(lifecycleOf("policy/v1beta1", "PodDisruptionBudget"), {
      deprecated,
      removed,
      replacement,
    });
    assert.equal(lifecycleOf("policy/v1", "PodDisruptionBudget"), undefined);
  });
});

function visit(fields: ReadonlyMap<string, Field>, seen: Set<ReadonlyMap<string, Field>>): void {
  if (seen.has(fields)) return;
  seen.add(fields);
  assert.ok(fields.size > 0);
  for (const { type } of fields.values()) {
    const inner = type.kind === "list" ? type.item : type.kind === "map" ? type.value : type;
    if (inner.kind === "object") visit(inner.fields(), seen);
  }
}

function fieldOf(
  fields: ReadonlyMap<string, Field> | undefined,
  name: string,
  isList = false,
): ReadonlyMap<string, Field> {
  const type = fields?.get(name)?.type;
  const inner = isList && type?.kind === "list" ? type.item : type;
  assert.ok(inner?.kind === "object");
  return inner.fields();
}
