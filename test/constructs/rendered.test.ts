import assert from "node:assert/strict";
import { ApiObject, App, Chart, JsonPatch, Lazy } from "cdk8s";
import fc from "fast-check";
import { plainCopy } from "../../constructs/core/plain-copy.ts";
import { renderScope } from "../../constructs/core/rendered.ts";
import { useProfile } from "../../constructs/index.ts";
import { cluster, corpus } from "../support/corpus.ts";
import { newChart, webService } from "../support/constructs.ts";

describe("What is checked", () => {
  it("is what cdk8s writes, to the byte and in every sample", () => {
    let compared = 0;
    for (const { title, build } of corpus()) {
      const chart = newChart();
      useProfile(chart, cluster);
      build(chart);
      for (const { object, json } of renderScope(chart.node.root)) {
        assert.equal(JSON.stringify(json), JSON.stringify(object.toJson()), title);
        compared += 1;
      }
    }
    assert.ok(compared > 300, `${compared} objects were compared`);
  });

  const changes: Readonly<Record<string, (object: ApiObject) => void>> = {
    "a label of its metadata": ({ metadata }) => {
      metadata.addLabel("team", "shop");
    },
    "a JSON patch of cdk8s": (object) => {
      object.addJsonPatch(JsonPatch.add("/spec/paused", true));
    },
    "a lazy annotation": ({ metadata }) => {
      metadata.addAnnotation("at", Lazy.any({ produce: () => "noon" }) as string);
    },
  };
  for (const [title, change] of Object.entries(changes)) {
    it(`has what the program changes with cdk8s itself: ${title}`, () => {
      const service = webService();
      const deployment = service.node.findChild("deployment") as ApiObject;
      const before = JSON.stringify(deployment.toJson());
      change(deployment);

      const found = renderScope(service).find(({ object }) => object === deployment);
      assert.equal(JSON.stringify(found?.json), JSON.stringify(deployment.toJson()));
      assert.notEqual(JSON.stringify(found?.json), before);
    });
  }

  it("has what a resolver of the app puts in the place of a value", () => {
    const resolve = (context: { value: unknown; replaceValue: (value: unknown) => void }): void => {
      if (context.value === "ghcr.io/acme/web:1.4.2") context.replaceValue("mirror.example.com/web:1.4.2");
    };
    const chart = new Chart(new App({ resolvers: [{ resolve }] }), "shop");
    const service = webService({}, chart);

    const rendered = JSON.stringify(renderScope(service).map(({ json }) => json));
    assert.match(rendered, /mirror\.example\.com/);
    assert.doesNotMatch(rendered, /ghcr\.io\/acme\/web/);
  });

  it("is copied if it is plain data, and left to cdk8s if it is not", () => {
    const plain = { b: [1, { z: null, a: "x" }], a: undefined, c: { d: {} } };
    assert.equal(JSON.stringify(plainCopy(plain)), '{"b":[1,{"a":"x"}],"c":{"d":{}}}');
    const odd: readonly unknown[] = [
      new Date(0),
      () => 1,
      1n,
      Symbol("a"),
      Object.create(null),
      { constructor: 1 },
    ];
    for (const each of odd)
      for (const value of [{ each }, { list: [each] }]) assert.equal(plainCopy(value), undefined);
  });

  it("is copied as cdk8s does, whatever it is", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const copy = plainCopy({ data });
        if (copy === undefined) return;
        const object = new ApiObject(newChart(), "raw", { apiVersion: "v1", kind: "ConfigMap", data });
        const { data: written } = object.toJson() as { readonly data: unknown };
        assert.deepEqual(copy["data"], written);
      }),
    );
  });
});
