import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isSameRecord,
  parentObject,
  readParent,
  scopeOf,
  type SetRecord,
  setId,
  widened,
} from "../../delivery/apply-set.ts";
import { groupKindText, parseGroupKind } from "../../delivery/object-id.ts";

const inventory = { name: "shop", namespace: "apps" };

const record: fc.Arbitrary<SetRecord> = fc.record({
  kinds: fc
    .subarray(["ConfigMap", "Deployment.apps", "Ingress.networking.k8s.io"])
    .map((all) => new Set(all)),
  namespaces: fc.subarray(["a", "b"]).map((all) => new Set(["apps", ...all])),
  release: fc.constantFrom("", "0123"),
});

describe("An ApplySet's parent", () => {
  it("has the id that KEP-3659 defines", () => {
    // kubectl apply --applyset=secret/shop -n apps writes this one.
    assert.equal(setId(inventory), "applyset-TuvBxll1MaGstXF1A_oZbfZy4vkithOTCOEP8zBBwuo-v1");
  });

  it("says what was written to it", () => {
    fc.assert(
      fc.property(record, (written) => {
        const parent = parentObject(inventory, written);

        assert.ok(isSameRecord(readParent(inventory, parent), written));
      }),
    );
  });

  it("only grows when it is widened", () => {
    fc.assert(
      fc.property(record, record, (before, wanted) => {
        const wide = widened(before, wanted);

        for (const kind of [...before.kinds, ...wanted.kinds]) assert.ok(wide.kinds.has(kind));
        for (const each of [...before.namespaces, ...wanted.namespaces]) assert.ok(wide.namespaces.has(each));
        assert.equal(wide.release, before.release);
        assert.ok(isSameRecord(widened(wide, wanted), wide));
      }),
    );
  });

  it("names kinds by their group, and the namespaces of members besides its own", () => {
    const scope = scopeOf(inventory, [
      { group: "apps", kind: "Deployment", namespace: "shop" },
      { group: "", kind: "Namespace" },
    ]);

    const { annotations } = parentObject(inventory, { ...scope, release: "" }).metadata;

    assert.equal(annotations?.["applyset.kubernetes.io/contains-group-kinds"], "Deployment.apps,Namespace");
    assert.equal(annotations["applyset.kubernetes.io/additional-namespaces"], "shop");
    for (const text of ["ConfigMap", "Ingress.networking.k8s.io"]) {
      assert.equal(groupKindText(parseGroupKind(text)), text);
    }
  });

  it("is left alone if it is another tool's, or no parent at all", () => {
    const parent = parentObject(inventory, { kinds: new Set(), namespaces: new Set(), release: "" });
    const annotations = {
      ...parent.metadata.annotations,
      "applyset.kubernetes.io/tooling": "kubectl/v1.35.4",
    };

    assert.throws(() => readParent(inventory, { ...parent, metadata: { ...parent.metadata, annotations } }), {
      code: "KEELSON_OBJECT_FOREIGN",
      message: /parent of an ApplySet of "kubectl\/v1.35.4"/,
    });
    assert.throws(() => readParent(inventory, { ...parent, metadata: { name: "shop" } }), {
      code: "KEELSON_OBJECT_FOREIGN",
    });
  });
});
