import assert from "node:assert/strict";
import { catalogueOf } from "../../../constructs/schema/catalogue.ts";
import { validate } from "../../../constructs/schema/validate.ts";

describe("The check of an object against its schema", () => {
  const cases: Readonly<Record<string, readonly [object, object, string, string, string]>> = {
    // What is wrong, the nearest that is right, code, path, fix.
    "an unknown field": [
      { hostAlias: [] },
      { hostAliases: [] },
      "unknown-field",
      "spec.hostAlias",
      'Did you mean "hostAliases"?',
    ],
    "a list that is an object": [
      { containers: { name: "app" } },
      {},
      "wrong-type",
      "spec.containers",
      "Write a list",
    ],
    "an item that is no object": [
      { volumes: ["tmp"] },
      { volumes: [{ name: "tmp" }] },
      "wrong-type",
      "spec.volumes.0",
      "Write an object",
    ],
    "text for a whole number": [
      { priority: "5" },
      { priority: 5 },
      "wrong-type",
      "spec.priority",
      "Write 5, without quotes",
    ],
    "a fraction for a whole number": [
      { priority: 1.5 },
      { priority: 1 },
      "wrong-type",
      "spec.priority",
      "Write a whole number of 32 bits",
    ],
    "a number that 32 bits cannot hold": [
      { priority: 2 ** 40 },
      { priority: 2 ** 30 },
      "wrong-type",
      "spec.priority",
      "Write a whole number of 32 bits",
    ],
    "text for a boolean": [
      { hostNetwork: "true" },
      { hostNetwork: true },
      "wrong-type",
      "spec.hostNetwork",
      "Write true, without quotes",
    ],
    "a number for text": [{ nodeName: 7 }, { nodeName: "7" }, "wrong-type", "spec.nodeName", 'Write "7"'],
    "a number for a value of a map": [
      { nodeSelector: { disk: 1 } },
      { nodeSelector: { disk: "1" } },
      "wrong-type",
      "spec.nodeSelector.disk",
      'Write "1"',
    ],
    "a map that is a list": [
      { nodeSelector: ["a"] },
      { nodeSelector: {} },
      "wrong-type",
      "spec.nodeSelector",
      "Write an object",
    ],
    "a quantity that is none": [
      { overhead: { cpu: "banana" } },
      { overhead: { cpu: "250m" } },
      "invalid-value",
      "spec.overhead.cpu",
      "Write a number and its unit",
    ],
    "a quantity with a space": [
      { overhead: { memory: "1 Gi" } },
      { overhead: { memory: "1.5Gi" } },
      "invalid-value",
      "spec.overhead.memory",
      "Write a number and its unit",
    ],
    "a boolean for a quantity": [
      { overhead: { cpu: true } },
      { overhead: { cpu: 1 } },
      "wrong-type",
      "spec.overhead.cpu",
      "Write a quantity",
    ],
    "a word that is not known": [
      { restartPolicy: "always" },
      { restartPolicy: "Always" },
      "invalid-value",
      "spec.restartPolicy",
      'Did you mean "Always"?',
    ],
    "a word that is nothing like it": [
      { dnsPolicy: "x" },
      { dnsPolicy: "None" },
      "invalid-value",
      "spec.dnsPolicy",
      "Use one of ClusterFirst, ClusterFirstWithHostNet, Default, None",
    ],
    "a field that is missing": [
      { volumes: [{ emptyDir: {} }] },
      { volumes: [{ name: "tmp", emptyDir: {} }] },
      "missing-field",
      "spec.volumes.0.name",
      "Give it",
    ],
    "a required field that is null": [
      { volumes: [{ name: null }] },
      { volumes: [{ name: "tmp", emptyDir: null }] },
      "missing-field",
      "spec.volumes.0.name",
      "Give it",
    ],
    "two items of one name": [
      { volumes: [{ name: "a" }, { name: "a" }] },
      { volumes: [{ name: "a" }, { name: "b" }] },
      "duplicate-item",
      "spec.volumes.1",
      "Remove one of the two",
    ],
    "two secrets of one name": [
      { imagePullSecrets: [{ name: "a" }, { name: "a" }] },
      { imagePullSecrets: [{ name: "a" }, {}, {}] },
      "duplicate-item",
      "spec.imagePullSecrets.1",
      "Remove one of the two",
    ],
  };
  for (const [title, [bad, good, code, path, fix]] of Object.entries(cases)) {
    it(`names the path and a fix: ${title}`, () => {
      const [first, ...more] = problemsOf(bad);
      assert.deepEqual([first?.code, first?.path, more.length], [code, path, 0]);
      assert.ok(first?.fix.startsWith(fix), first?.fix);
      assert.deepEqual(problemsOf(good), [], "the good twin must be accepted");
    });
  }

  it("counts ports of one number as two if their protocols differ, TCP being the default", () => {
    const of = (...protocols: readonly (string | undefined)[]): readonly string[] =>
      problemsOf({
        containers: [{ name: "a", ports: protocols.map((protocol) => ({ containerPort: 53, protocol })) }],
      }).map(({ path }) => path);
    assert.deepEqual(of("UDP", "TCP"), []);
    assert.deepEqual(of("TCP", undefined), ["spec.containers.0.ports.1"]);
  });

  it("takes names and whole numbers where Kubernetes takes either, and nothing else", () => {
    const of = (port: unknown): readonly string[] =>
      problemsOf({ containers: [{ name: "a", readinessProbe: { tcpSocket: { port } } }] }).map(
        ({ code }) => code,
      );
    assert.deepEqual([of("http"), of(80), of(1.5), of({})], [[], [], ["wrong-type"], ["wrong-type"]]);
  });

  it("finds everything at once", () => {
    const codes = problemsOf({
      containers: [{ nam: "a", ports: [{ containerPort: "80" }] }],
      priority: "x",
    }).map(({ path }) => path);
    assert.deepEqual(codes, [
      "spec.containers.0.nam",
      "spec.containers.0.ports.0.containerPort",
      "spec.containers.0.name",
      "spec.priority",
    ]);
  });
});

function problemsOf(spec: object): ReturnType<typeof validate> {
  const type = catalogueOf("1.35").find("v1", "Pod")?.type;
  assert.ok(type);
  const metadata = { name: "pod" };
  return validate({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [], ...spec } }, type);
}
