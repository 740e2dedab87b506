import assert from "node:assert/strict";
import { ApiObject, JsonPatch as OtherPatch } from "cdk8s";
import fc from "fast-check";
import type { WebService } from "../../constructs/index.ts";
import { isRecord } from "../../constructs/core/json.ts";
import { applyOperations, type JsonPatchOperation } from "../../constructs/core/json-patch.ts";
import { findLost, applyPatch } from "../../constructs/core/patch.ts";
import { applyAny, type StrategicPatch, strategicPatch } from "../../constructs/core/user-patch.ts";
import { KeelsonError } from "../../errors.ts";
import { findingsAround, objectOf, webService } from "../support/constructs.ts";

const key = fc.oneof(
  fc.constantFrom("spec", "replicas", "template", "a.b/c", "x"),
  fc.string({ minLength: 1 }),
);
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const { patch } = fc.letrec((tie) => ({
  patch: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.constant(null), fc.array(leaf), tie("patch")),
}));

const plain = { noNullPrototype: true } as const;

// Few names, so that operations meet what is there.
const place = fc
  .array(fc.constantFrom("a", "b", "list", "0", "1", "-"), { minLength: 1, maxLength: 3 })
  .map((keys) => `/${keys.join("/")}`);
const content = fc.oneof(leaf, fc.record({ a: leaf, list: fc.array(leaf, { maxLength: 3 }) }, plain));
const operation: fc.Arbitrary<JsonPatchOperation> = fc.oneof(
  fc.record({ op: fc.constantFrom("add", "replace", "test"), path: place, value: content }),
  fc.record({ op: fc.constant("remove" as const), path: place }),
  fc.record({ op: fc.constantFrom("move", "copy"), from: place, path: place }),
);
const document = fc.record(
  { a: content, b: content, list: fc.array(content, { maxLength: 3 }) },
  { requiredKeys: [], ...plain },
);

describe("A patch", () => {
  it("appears in the output as it is, or is reported as lost", function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(patch, (value) => {
        const service = webService({ patch: { deployment: value } });
        const lost = findingsAround(service).filter(({ code }) =>
          ["patch-lost", "invalid-value"].includes(code),
        );
        if (lost.length > 0) return;
        // Whether Kubernetes takes what it says is another matter.
        assertShown(renderedOf(service), value);
      }),
      { numRuns: 150 },
    );
  });

  it("gives what an independent reading of RFC 7396 gives", () => {
    fc.assert(
      fc.property(patch, patch, (target, value) => {
        assert.deepEqual(applyPatch(target, { at: [], value }), reference(target, value));
      }),
    );
  });

  it("by operations gives what another implementation of RFC 6902 gives, or is refused whole", () => {
    let applied = 0;
    fc.assert(
      fc.property(document, fc.array(operation, { minLength: 1, maxLength: 3 }), (target, operations) => {
        const before = structuredClone(target);
        const result = attempt(() => applyOperations(target, operations).result);
        assert.deepEqual(target, before);
        if (result === undefined) return;
        applied += 1;
        const others = operations.map((each) => other(each));
        assert.deepEqual(result, OtherPatch.apply(structuredClone(target), ...others));
      }),
      { numRuns: 2000 },
    );
    assert.ok(applied > 50, `${applied} fitted`);
  });

  it("by strategic merge is a merge patch where no list has a key", () => {
    fc.assert(
      fc.property(patch, patch, (target, value) => {
        const strategic = strategicPatch(value as never) as StrategicPatch<unknown>;
        const made = attempt(() => applyAny(target, { at: [], value: strategic }, undefined).result);
        // A key that begins with a dollar sign would be a directive.
        if (made !== undefined) assert.deepEqual(made, applyPatch(target, { at: [], value }));
      }),
    );
  });

  it("leaves what it is applied to as it was", () => {
    fc.assert(
      fc.property(patch, patch, (target, value) => {
        const before = structuredClone(target);
        applyPatch(target, { at: ["spec"], value });
        assert.deepEqual(target, before);
      }),
    );
  });

  it("reaches into lists by their index", () => {
    const target = { list: [{ a: 1 }, { a: 2 }] };
    const result = applyPatch(target, { at: ["list", "1"], value: { b: 3 } });
    assert.deepEqual(result, { list: [{ a: 1 }, { a: 2, b: 3 }] });
  });

  it("is lost if the output shows something else, something less, or what it removes", () => {
    const at: readonly string[] = [];
    assert.deepEqual(findLost({ a: 1 }, { at, value: { a: 2 } }), ["a"]);
    assert.deepEqual(findLost({}, { at, value: { a: { b: 1 } } }), ["a.b"]);
    assert.deepEqual(findLost({ a: 1 }, { at, value: { a: null } }), ["a"]);
    assert.deepEqual(findLost({ a: { b: 1 } }, { at, value: { a: {} } }), []);
  });

  it("keeps unknown fields, extended resources and empty objects", () => {
    const container = { futureField: { empty: {} }, resources: { limits: { "nvidia.com/gpu": 1 } } };
    const allow = [{ code: "unknown-field", reason: "a cluster of the future" }];
    const service = webService({ patch: { container }, allow });
    assert.deepEqual(findingsAround(service), []);
    const rendered = objectOf(service, "Deployment").spec?.template.spec?.containers[0];
    assert.partialDeepStrictEqual(rendered, container);
    assert.equal(rendered?.resources?.limits?.["memory"], "128Mi", "what the patch does not name stays");
  });

  it("is reported where cdk8s drops it", () => {
    const service = webService({ patch: { service: { metadata: { annotations: {} } } } });
    const lost = findingsAround(service).map(({ code, fieldPath }) => [code, fieldPath]);
    assert.deepEqual(lost, [["patch-lost", "patch.service.metadata.annotations"]]);
  });

  for (const key of ["constructor", "__proto__"]) {
    it(`is refused where it has a key that cdk8s cannot render: ${key}`, () => {
      const annotations = JSON.parse(`{ "${key}": ["x"] }`) as object;
      const refused = findingsAround(webService({ patch: { service: { metadata: { annotations } } } }));
      assert.deepEqual(
        refused.map(({ code, fieldPath }) => [code, fieldPath]),
        [["invalid-value", `patch.service.metadata.annotations.${key}`]],
      );
    });
  }

  it("takes the defaults off the list that it overrides", () => {
    const patched = webService({ patch: { pod: { securityContext: { runAsNonRoot: false } } } });
    const fields = patched.explain().map(({ fieldPath }) => fieldPath);
    assert.ok(!fields.includes("deployment.spec.template.spec.securityContext.runAsNonRoot"));
    assert.ok(fields.includes("deployment.spec.template.spec.securityContext.seccompProfile.type"));
  });
});

/** What work gives; undefined if it is refused with an error of this library. */
function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (KeelsonError.is(error)) return undefined;
    throw error;
  }
}

function other(operation: JsonPatchOperation): OtherPatch {
  switch (operation.op) {
    case "add":
      return OtherPatch.add(operation.path, operation.value);
    case "replace":
      return OtherPatch.replace(operation.path, operation.value);
    case "test":
      return OtherPatch.test(operation.path, operation.value);
    case "remove":
      return OtherPatch.remove(operation.path);
    case "move":
      return OtherPatch.move(operation.from, operation.path);
    case "copy":
      return OtherPatch.copy(operation.from, operation.path);
  }
}

function renderedOf(service: WebService): unknown {
  const deployment = service.node.tryFindChild("deployment");
  assert.ok(ApiObject.isApiObject(deployment));
  return deployment.toJson();
}

function assertShown(rendered: unknown, wanted: unknown): void {
  if (!isRecord(wanted)) {
    assert.deepEqual(rendered, wanted);
    return;
  }
  for (const [name, value] of Object.entries(wanted)) {
    const shown = rendered as Readonly<Record<string, unknown>>;
    if (value === null) assert.ok(!Object.hasOwn(shown, name));
    else assertShown(shown[name], value);
  }
}

function reference(target: unknown, value: unknown): unknown {
  if (!isRecord(value)) return value;
  const kept = Object.entries(isRecord(target) ? target : {}).filter(([name]) => !Object.hasOwn(value, name));
  const given = Object.entries(value)
    .filter(([, inner]) => inner !== null)
    .map(([name, inner]) => {
      const old = isRecord(target) && Object.hasOwn(target, name) ? target[name] : undefined;
      return [name, reference(old, inner)] as const;
    });
  return Object.fromEntries([...kept, ...given]);
}
