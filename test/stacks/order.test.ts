import assert from "node:assert/strict";
import fc from "fast-check";
import { KeelsonError } from "../../errors.ts";
import { type OrderedObject, planOrder } from "../../stacks/objects/order.ts";

const kinds = [
  "Namespace",
  "CustomResourceDefinition",
  "Secret",
  "Service",
  "Deployment",
  "NetworkPolicy",
  "Widget",
];

/** Objects, and for each the earlier objects that the program puts before it. */
const programs = fc
  .array(
    fc.tuple(fc.constantFrom(...kinds), fc.constantFrom("a", "b"), fc.array(fc.nat(), { maxLength: 3 })),
    {
      maxLength: 12,
    },
  )
  .map((drawn) => ({
    objects: drawn.map(([kind, namespace], index) => objectOf(kind, namespace, `n${index}`)),
    explicit: drawn.map(
      ([, , before], index) => new Set(index === 0 ? [] : before.map((each) => each % index)),
    ),
  }));

describe("The order of objects", () => {
  it("holds every object once, each after all that it needs", () => {
    fc.assert(
      fc.property(programs, ({ objects, explicit }) => {
        const plan = planOrder(objects, explicit);
        assert.deepEqual(new Set(plan.objects), new Set(objects));
        assert.equal(plan.objects.length, objects.length);
        plan.before.forEach((before, place) => {
          assert.ok(before.every((earlier) => earlier < place));
        });
      }),
    );
  });

  it("keeps what the program asks for", () => {
    fc.assert(
      fc.property(programs, ({ objects, explicit }) => {
        const plan = planOrder(objects, explicit);
        objects.forEach((object, index) => {
          const place = plan.objects.indexOf(object);
          const before = (plan.before[place] ?? []).map((earlier) => plan.objects[earlier]);
          for (const other of explicit[index] ?? []) assert.ok(before.includes(objects[other]));
        });
      }),
    );
  });

  it("is the same for the same program", () => {
    fc.assert(
      fc.property(programs, ({ objects, explicit }) => {
        assert.deepEqual(planOrder(objects, explicit), planOrder(structuredClone(objects), explicit));
      }),
    );
  });

  it("puts a custom resource after its definition, wherever it was written", () => {
    const definition = {
      ...objectOf("CustomResourceDefinition", "a", "widgets"),
      spec: { group: "example.com" },
    };
    const widget = { ...objectOf("Widget", "a", "mine"), apiVersion: "example.com/v1" };
    const plan = planOrder([widget, definition], [new Set(), new Set()]);
    assert.deepEqual(
      plan.objects.map(({ kind }) => kind),
      ["CustomResourceDefinition", "Widget"],
    );
    assert.deepEqual(plan.before, [[], [0]]);
  });

  it("lets pods wait for what they refer to and for the policies that select them, and for nothing else", () => {
    const labels = { app: "web" };
    const spec = {
      containers: [],
      serviceAccountName: "web",
      volumes: [{ name: "v", secret: { secretName: "used" } }],
    };
    const objects = [
      { ...objectOf("Deployment", "a", "web"), spec: { template: { metadata: { labels }, spec } } },
      objectOf("ServiceAccount", "a", "web"),
      objectOf("Secret", "a", "used"),
      objectOf("Secret", "a", "unused"),
      objectOf("Secret", "b", "used"),
      { ...objectOf("NetworkPolicy", "a", "mine"), spec: { podSelector: { matchLabels: labels } } },
      { ...objectOf("NetworkPolicy", "a", "other"), spec: { podSelector: { matchLabels: { app: "db" } } } },
      objectOf("Role", "a", "any"),
      objectOf("Service", "a", "web"),
    ];
    const plan = planOrder(
      objects,
      objects.map(() => new Set<number>()),
    );
    const place = plan.objects.findIndex(({ kind }) => kind === "Deployment");
    const before = plan.before[place]?.map((earlier) => plan.objects[earlier]).map(describeObject);
    assert.deepEqual(before, ["ServiceAccount a/web", "Secret a/used", "NetworkPolicy a/mine", "Role a/any"]);
  });

  it("names an object that depends on itself", () => {
    const objects = [objectOf("Service", "a", "one"), objectOf("Service", "a", "two")];
    assert.throws(
      () => planOrder(objects, [new Set([1]), new Set([0])]),
      (error) => KeelsonError.is(error) && /Service "(one|two)" depends on itself/.test(error.message),
    );
  });
});

function objectOf(kind: string, namespace: string, name: string): OrderedObject {
  return { apiVersion: "v1", kind, metadata: { name, namespace } };
}

function describeObject(object: OrderedObject | undefined): string {
  return `${object?.kind ?? ""} ${object?.metadata.namespace ?? ""}/${object?.metadata.name ?? ""}`;
}
