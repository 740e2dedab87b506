import assert from "node:assert/strict";
import fc from "fast-check";
import { diffObjects, formatChanges, secretsIn } from "../../delivery/diff.ts";
import type { KubeObject } from "../../kube/object.ts";
import { configMap, deployment, secret } from "../support/objects.ts";

function withImage(image: string): KubeObject {
  return deployment("web", {
    spec: { template: { spec: { containers: [{ name: "proxy" }, { name: "web", image }] } } },
  });
}

describe("diffObjects", () => {
  it("names a field of a list's item by the item's key", () => {
    assert.deepEqual(diffObjects(withImage("web:1"), withImage("web:2")), [
      { path: "spec.template.spec.containers[name=web].image", before: "web:1", after: "web:2" },
    ]);
  });

  it("shows a changed order as a change", () => {
    const list = (...names: readonly string[]): KubeObject => ({
      ...configMap("c"),
      items: names.map((name) => ({ name })),
    });

    assert.deepEqual(
      diffObjects(list("a", "b"), list("b", "a")).map(({ path }) => path),
      ["items"],
    );
  });

  it("shows every field of a new object, and what goes", () => {
    assert.equal(
      formatChanges(diffObjects(undefined, configMap("c"))),
      '+ apiVersion: "v1"\n+ data.mode: "strict"\n+ kind: "ConfigMap"\n+ metadata.name: "c"\n+ metadata.namespace: "shop"',
    );
    assert.equal(
      formatChanges(diffObjects(configMap("c", { a: "1", b: "2" }), configMap("c", { a: "2" }))),
      '~ data.a: "1" -> "2"\n- data.b: "2"',
    );
  });

  it("leaves out what the server writes by itself", () => {
    const live = deployment("web", {
      metadata: { uid: "1", resourceVersion: "2", generation: 3, creationTimestamp: "x", managedFields: [] },
      status: { replicas: 1 },
    });

    assert.deepEqual(diffObjects(live, deployment("web")), []);
  });

  it("quotes names with dots in paths, and leaves out paths on request", () => {
    const labelled = deployment("web", { metadata: { labels: { "a.b/c": "1" } } });

    assert.deepEqual(
      diffObjects(deployment("web"), labelled).map(({ path }) => path),
      ['metadata.labels["a.b/c"]'],
    );
    assert.deepEqual(
      diffObjects(deployment("web"), labelled, { ignore: [["metadata", "labels", "a.b/c"]] }),
      [],
    );
  });

  it("finds nothing between equal objects and never shows a Secret's values", () => {
    const data = fc.dictionary(
      fc.constantFrom("user", "password", "token"),
      fc.string({ minLength: 12, maxLength: 24 }).map((text) => `s3cret${text}`),
    );
    fc.assert(
      fc.property(data, data, (before, after) => {
        const [left, right] = [secret("db", before), secret("db", after)];
        assert.deepEqual(diffObjects(left, left), []);

        const shown = JSON.stringify([
          diffObjects(left, right),
          diffObjects(undefined, right),
          diffObjects(left, undefined),
          diffObjects(left, { ...right, stringData: after }),
          diffObjects(left, { ...right, data: "s3cret as a text" }),
        ]);

        for (const value of [...secretsIn(left), ...secretsIn(right)]) assert.ok(!shown.includes(value));
        assert.ok(!shown.includes("s3cret"));
        const differs = JSON.stringify(before) !== JSON.stringify(after);
        if (differs && Object.keys(before).join() === Object.keys(after).join()) {
          assert.ok(diffObjects(left, right).length > 0);
        }
      }),
    );
  });

  it("hides the copy of a Secret that kubectl keeps", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "s3cret", other: "1" };
    const live = secret("db", { a: "s3cret" });
    const copied = { ...live, metadata: { ...live.metadata, annotations } };

    assert.deepEqual(diffObjects(live, copied), [{ path: "metadata.annotations.other", after: "1" }]);
  });
});
