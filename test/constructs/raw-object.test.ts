import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Finding,
  findingsOf,
  jsonPatch,
  type KnownObject,
  type Patch,
  RawObject,
  strategicPatch,
  useProfile,
} from "../../constructs/index.ts";
import type { Deployment, Job } from "../../constructs/kubernetes/types.ts";
import { newChart, objectOf, webService } from "../support/constructs.ts";

const deployment: Deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", annotations: { team: "shop" } },
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          { name: "app", image: "web:1", ports: [{ containerPort: 80 }], env: [{ name: "A", value: "1" }] },
          { name: "proxy", image: "proxy:1" },
        ],
        tolerations: [{ key: "a" }],
      },
    },
  },
};

// The compiler knows each kind: `npm run types` is the first half of this test.
const refused: readonly KnownObject[] = [
  // @ts-expect-error: there is no such kind
  { apiVersion: "v1", kind: "Deployment" },
  // @ts-expect-error: a ConfigMap holds text
  { apiVersion: "v1", kind: "ConfigMap", data: { port: 80 } },
];

// A status that is a word is part of what is asked for, not written by the server.
const tolerant: Job = {
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "tolerant" },
  spec: {
    template: { spec: { containers: [{ name: "app", image: "app:1" }], restartPolicy: "Never" } },
    podFailurePolicy: {
      rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
    },
  },
};

describe("A raw object", () => {
  it("is written as it is", () => {
    const { rendered, findings } = make(deployment);
    assert.deepEqual(findings, []);
    assert.partialDeepStrictEqual(rendered, deployment);
  });

  it("may name the status that a condition shall have", () => {
    const { rendered, findings } = make(tolerant);
    assert.deepEqual(findings, []);
    assert.partialDeepStrictEqual(rendered, tolerant);
  });

  it("is checked by the compiler and by the schema alike", () => {
    for (const manifest of refused)
      assert.ok(make(manifest).findings.some(({ severity }) => severity === "error"));
  });

  it("is named by its place if it has no name", () => {
    const raw = new RawObject(newChart(), "settings", { apiVersion: "v1", kind: "ConfigMap" });
    assert.equal(raw.object?.name, "settings");
  });

  it("may be of a kind that only another version has", () => {
    const chart = newChart();
    useProfile(chart, { kubernetes: "1.36" });
    const manifest = { apiVersion: "example.com/v1", kind: "Thing", spec: { size: 3 } };
    const allow = [{ code: "unchecked-kind", reason: "its operator checks it" }] as const;
    new RawObject<typeof manifest>(chart, "thing", manifest, { allow });
    assert.deepEqual(findingsOf(chart), []);
  });
});

describe("A JSON patch", () => {
  it("adds, replaces, removes, moves, copies and tests, in lists too", () => {
    const containers = "/spec/template/spec/containers";
    const patch = jsonPatch(
      { op: "test", path: "/metadata/annotations/team", value: "shop" },
      { op: "add", path: `${containers}/-`, value: { name: "last", image: "last:1" } },
      { op: "add", path: `${containers}/0`, value: { name: "first", image: "first:1" } },
      { op: "replace", path: `${containers}/1/image`, value: "web:2" },
      { op: "remove", path: `${containers}/2` },
      { op: "copy", from: "/metadata/annotations/team", path: "/metadata/annotations/a~1b" },
      { op: "move", from: "/metadata/annotations/team", path: "/metadata/annotations/owner" },
    );
    const { rendered, findings } = make(deployment, patch);
    assert.deepEqual(findings, []);
    assert.deepEqual(rendered.metadata?.annotations, { owner: "shop", "a/b": "shop" });
    const images = rendered.spec?.template.spec?.containers.map(
      ({ name, image }) => `${name} ${String(image)}`,
    );
    assert.deepEqual(images, ["first first:1", "app web:2", "last last:1"]);
  });

  const failing = {
    "a place that there is not": jsonPatch({ op: "replace", path: "/spec/nothing", value: 1 }),
    "an item that there is not": jsonPatch({ op: "remove", path: "/spec/template/spec/containers/7" }),
    "a test that fails": jsonPatch({ op: "test", path: "/metadata/name", value: "other" }),
    "a path without a slash": jsonPatch({ op: "add", path: "spec", value: {} }),
    "a parent that there is not": jsonPatch({ op: "add", path: "/spec/a/b", value: 1 }),
  };
  for (const [title, patch] of Object.entries(failing)) {
    it(`is an error, never ignored: ${title}`, () => {
      const codes = make(deployment, patch).findings.map(({ code, constructPath, fieldPath }) => [
        code,
        constructPath,
        fieldPath,
      ]);
      assert.deepEqual(codes, [["patch-failed", "shop/raw", "patches.0"]]);
    });
  }

  it("cannot change what names the object", () => {
    for (const path of ["/metadata/name", "/kind", "/metadata", ""]) {
      const [finding] = make(deployment, jsonPatch({ op: "replace", path, value: {} })).findings;
      assert.equal(finding?.code, "invalid-value", path);
    }
  });

  it("works on an object of a construct", () => {
    const service = webService({
      patch: { container: jsonPatch({ op: "add", path: "/ports/-", value: { containerPort: 9 } }) },
    });
    assert.deepEqual(findingsOf(service), []);
    assert.equal(objectOf(service, "Deployment").spec?.template.spec?.containers[0]?.ports?.length, 2);
  });
});

describe("A strategic merge patch", () => {
  const pod = (spec: object): Patch<Deployment> =>
    strategicPatch<Deployment>({ spec: { template: { spec } } });
  const containersOf = (patch: Patch<Deployment>): readonly object[] => {
    const { rendered, findings } = make(deployment, patch);
    assert.deepEqual(findings, []);
    return rendered.spec?.template.spec?.containers ?? [];
  };

  it("finds items of lists by the key of the schema, and adds those that there are not", () => {
    const containers = [
      { name: "proxy", image: "proxy:2" },
      {
        name: "app",
        env: [
          { name: "A", value: "2" },
          { name: "B", value: "3" },
        ],
      },
      { name: "new", image: "new:1" },
    ];
    const [app, proxy, added] = containersOf(pod({ containers }));
    assert.deepEqual(proxy, { name: "proxy", image: "proxy:2" });
    assert.deepEqual(added, { name: "new", image: "new:1" });
    assert.partialDeepStrictEqual(app, {
      image: "web:1",
      env: [
        { name: "A", value: "2" },
        { name: "B", value: "3" },
      ],
    });
  });

  it("removes and replaces where it says so", () => {
    const [only, ...more] = containersOf(pod({ containers: [{ name: "proxy", $patch: "delete" }] }));
    assert.deepEqual([only && "name" in only && only.name, more.length], ["app", 0]);
    assert.deepEqual(
      containersOf(pod({ containers: [{ $patch: "replace" }, { name: "x", image: "x:1" }] })),
      [{ name: "x", image: "x:1" }],
    );
    const [app] = containersOf(pod({ containers: [{ name: "app", env: null }] }));
    assert.ok(app && !("env" in app));
  });

  it("replaces lists that have no key", () => {
    const { rendered } = make(deployment, pod({ tolerations: [{ key: "b" }] }));
    assert.deepEqual(rendered.spec?.template.spec?.tolerations, [{ key: "b" }]);
  });

  const failing = {
    "an item without its key": pod({ containers: [{ image: "x:1" }] }),
    "a directive that there is not": pod({ $retainKeys: ["a"] }),
    "such a directive in what is new": pod({ affinity: { nodeAffinity: { $retainKeys: ["a"] } } }),
    "a removal outside of a list": pod({ $patch: "delete" }),
  };
  for (const [title, patch] of Object.entries(failing)) {
    it(`is an error, never ignored: ${title}`, () => {
      assert.deepEqual(
        make(deployment, patch).findings.map(({ code }) => code),
        ["patch-failed"],
      );
    });
  }

  it("appears in the output as it is", () => {
    const text = fc.stringMatching(/^[a-z]{1,8}$/);
    const env = fc.uniqueArray(fc.record({ name: text, value: text }, { noNullPrototype: true }), {
      selector: ({ name }) => name,
      maxLength: 4,
    });
    const container = fc.record(
      { name: fc.constantFrom("app", "proxy", "other"), image: text, env },
      { noNullPrototype: true },
    );
    const containers = fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 });
    fc.assert(
      fc.property(containers, fc.dictionary(text, text, { noNullPrototype: true }), (items, nodeSelector) => {
        const { rendered } = make(deployment, pod({ containers: items, nodeSelector }));
        const spec = rendered.spec?.template.spec;
        for (const item of items) {
          const found = spec?.containers.find(({ name }) => name === item.name);
          assert.equal(found?.image, item.image);
          for (const each of item.env)
            assert.deepEqual(
              found.env?.find(({ name }) => name === each.name),
              each,
            );
        }
        assert.deepEqual(spec?.nodeSelector, nodeSelector);
        for (const name of ["app", "proxy"]) assert.ok(spec.containers.some((each) => each.name === name));
      }),
      { numRuns: 60 },
    );
  });
});

function make(
  manifest: KnownObject,
  ...patches: readonly Patch<KnownObject>[]
): { readonly rendered: Deployment; readonly findings: readonly Finding[] } {
  const chart = newChart();
  const raw = new RawObject(chart, "raw", manifest, { patches });
  return { rendered: raw.object?.toJson() as Deployment, findings: findingsOf(chart) };
}
