import assert from "node:assert/strict";
import fc from "fast-check";
import { keyOf } from "../../delivery/object-id.ts";
import {
  deletionOrder,
  dependenciesOf,
  dependencyProblems,
  dependsOnAnnotation,
  orderObjects,
} from "../../delivery/order.ts";
import type { KubeObject } from "../../kube/object.ts";
import { configMap, deployment, namespace, widget, widgetDefinition } from "../support/objects.ts";

function waitingFor(object: KubeObject, ...references: readonly string[]): KubeObject {
  const annotations = { [dependsOnAnnotation]: references.join(", ") };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function webhook(name: string): KubeObject {
  const apiVersion = "admissionregistration.k8s.io/v1";
  return { apiVersion, kind: "ValidatingWebhookConfiguration", metadata: { name } };
}

describe("orderObjects", () => {
  it("puts definitions first, then namespaces, what others refer to, the rest, and webhooks last", () => {
    const objects = [
      webhook("guard"),
      deployment(),
      configMap("settings"),
      widget("a"),
      namespace("shop"),
      widgetDefinition(),
    ];

    const order = orderObjects(objects).map(({ objects: members }) => members.map(({ kind }) => kind));

    assert.deepEqual(order, [
      ["CustomResourceDefinition"],
      ["Namespace"],
      ["ConfigMap"],
      ["Deployment", "Widget"],
      ["ValidatingWebhookConfiguration"],
    ]);
  });

  it("waits for definitions, and for what is depended on", () => {
    const database = deployment("database");
    const web = waitingFor(deployment("web"), "apps/namespaces/shop/Deployment/database");

    const stages = orderObjects([web, database, widgetDefinition(), configMap("settings")]);

    assert.deepEqual(
      stages.flatMap(({ awaited }) => awaited.map(({ metadata: { name } }) => name)),
      ["widgets.example.org", "database"],
    );
  });

  it("puts what others refer to after its own dependencies all the same", () => {
    const late = waitingFor(configMap("late"), "apps/namespaces/shop/Deployment/web");

    const order = orderObjects([late, deployment("web")]).map(({ objects }) => objects.map(keyOf));

    assert.deepEqual(order, [["apps/Deployment shop/web"], ["ConfigMap shop/late"]]);
  });

  it("keeps every object once, after all that it depends on, whatever the order of the input", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    // Each may wait for those before it, so there are no circles.
    const graph = fc
      .tuple(...names.map((_, index) => fc.tuple(fc.boolean(), fc.subarray(names.slice(0, index)))))
      .map((nodes) => {
        const kinds = new Map(names.map((name, index) => [name, nodes[index]?.[0] === true]));
        const make = (name: string): KubeObject =>
          kinds.get(name) === true ? configMap(name) : deployment(name);
        const reference = (name: string): string =>
          kinds.get(name) === true
            ? `/namespaces/shop/ConfigMap/${name}`
            : `apps/namespaces/shop/Deployment/${name}`;
        return names.map((name, index) =>
          waitingFor(make(name), ...(nodes[index]?.[1] ?? []).map(reference)),
        );
      });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (objects, randoms) => {
        const shuffled = objects
          .map((object) => ({ object, at: randoms.next().value as number }))
          .sort((left, right) => left.at - right.at)
          .map(({ object }) => object);

        const stages = orderObjects(shuffled);

        const place = new Map(
          stages.flatMap(({ objects: all }, at) => all.map((each) => [keyOf(each), at] as const)),
        );
        assert.equal(place.size, objects.length);
        assert.deepEqual(stages, orderObjects(objects));
        for (const object of objects) {
          for (const key of dependenciesOf(object)) assert.ok(place.get(key)! < place.get(keyOf(object))!);
        }
        const gone = deletionOrder(objects).flat().map(keyOf);
        for (const object of objects) {
          for (const key of dependenciesOf(object))
            assert.ok(gone.indexOf(keyOf(object)) < gone.indexOf(key));
        }
        assert.deepEqual(dependencyProblems(objects), []);
      }),
    );
  });

  it("ends on circles, which are problems", () => {
    const circle = [
      waitingFor(deployment("a"), "apps/namespaces/shop/Deployment/b"),
      waitingFor(deployment("b"), "apps/namespaces/shop/Deployment/a"),
    ];

    assert.equal(orderObjects(circle).flatMap(({ objects }) => objects).length, 2);
    assert.deepEqual(
      dependencyProblems(circle).map(({ where, message }) => `${where}: ${message}`),
      [
        "apps/Deployment shop/a: it depends on itself, in a circle",
        "apps/Deployment shop/b: it depends on itself, in a circle",
      ],
    );
  });

  it("names dependencies that are not in the set", () => {
    const web = waitingFor(
      deployment("web"),
      "apps/namespaces/shop/Deployment/gone",
      "nonsense",
      "/Namespace/shop",
    );

    assert.deepEqual(
      dependencyProblems([web, namespace("shop")]).map(({ message }) => message),
      [
        "it depends on apps/Deployment shop/gone, which is not in the set",
        'it depends on "nonsense", which is not in the set',
      ],
    );
  });
});
