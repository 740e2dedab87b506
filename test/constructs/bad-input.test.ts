import assert from "node:assert/strict";
import { ApiObject, App, Chart, YamlOutputType } from "cdk8s";
import { type FindingCode, findingsOf, lateValue, WebService } from "../../constructs/index.ts";
import { appOf, findingsAround, newChart, soundProps, webService } from "../support/constructs.ts";

interface Case {
  readonly bad: object;
  readonly code: FindingCode;
  readonly fieldPath: string;
  /** The nearest input that is fine. */
  readonly good: object;
}

// Written in JavaScript or behind a cast all of these get past the compiler.
const cases: Readonly<Record<string, Case>> = {
  "a port above the range": {
    bad: { port: 65_536 },
    code: "invalid-value",
    fieldPath: "port",
    good: { port: 65_535 },
  },
  "a port that is text": {
    bad: { port: "8080" },
    code: "invalid-value",
    fieldPath: "port",
    good: { port: 8080 },
  },
  "negative replicas": {
    bad: { replicas: -3 },
    code: "invalid-value",
    fieldPath: "replicas",
    good: { replicas: 0 },
  },
  "half a replica": {
    bad: { replicas: 1.5 },
    code: "invalid-value",
    fieldPath: "replicas",
    good: { replicas: 2 },
  },
  "an image that is no reference": {
    bad: { image: "::::" },
    code: "invalid-value",
    fieldPath: "image",
    good: { image: "localhost:5000/web:1" },
  },
  "an image without a tag": {
    bad: { image: "localhost:5000/web" },
    code: "image-unpinned",
    fieldPath: "image",
    good: { image: `localhost:5000/web@sha256:${"a".repeat(64)}` },
  },
  "the latest image": {
    bad: { image: "web:latest" },
    code: "image-unpinned",
    fieldPath: "image",
    good: { image: "web:latest-1" },
  },
  "a size that there is not": {
    bad: { size: "huge" },
    code: "invalid-value",
    fieldPath: "size",
    good: { size: "large" },
  },
  "a size without memory": {
    bad: { size: { cpu: 1 } },
    code: "invalid-value",
    fieldPath: "size.memory",
    good: { size: { cpu: 1, memory: "1Gi" } },
  },
  "a quantity that is none": {
    bad: { size: { cpu: "banana", memory: "1Gi" } },
    code: "invalid-value",
    fieldPath: "size.cpu",
    good: { size: { cpu: "250m", memory: "1Gi" } },
  },
  "memory in thousandths of a byte": {
    bad: { size: { cpu: 1, memory: "512m" } },
    code: "invalid-value",
    fieldPath: "size.memory",
    good: { size: { cpu: 1, memory: "512Mi" } },
  },
  "a misspelled property": {
    bad: { replica: 3 },
    code: "unknown-property",
    fieldPath: "replica",
    good: { replicas: 3 },
  },
  "a misspelled property of health": {
    bad: { health: { ready: "/readyz", liveness: "/healthz" } },
    code: "unknown-property",
    fieldPath: "health.liveness",
    good: { health: { ready: "/readyz", live: "/healthz" } },
  },
  "a health path without a slash": {
    bad: { health: { ready: "readyz" } },
    code: "invalid-value",
    fieldPath: "health.ready",
    good: { health: { ready: "/readyz" } },
  },
  "a health check without a command": {
    bad: { health: { ready: { exec: [] } } },
    code: "invalid-value",
    fieldPath: "health.ready",
    good: { health: { ready: { exec: ["true"] } } },
  },
  "one check for readiness and liveness": {
    bad: { health: { ready: "/health", live: "/health" } },
    code: "probes-identical",
    fieldPath: "health.live",
    good: { health: { ready: "/readyz", live: "/health" } },
  },
  "a variable with a space in its name": {
    bad: { env: { "MY VAR": "1" } },
    code: "invalid-name",
    fieldPath: "env.MY VAR",
    good: { env: { MY_VAR: "1" } },
  },
  "a variable that is a number": {
    bad: { env: { LIMIT: 5 } },
    code: "invalid-value",
    fieldPath: "env.LIMIT",
    good: { env: { LIMIT: "5" } },
  },
  "a node port out of range": {
    bad: { expose: { nodePort: 8080 } },
    code: "invalid-value",
    fieldPath: "expose.nodePort",
    good: { expose: { nodePort: 30_080 } },
  },
  "a peer that is none": {
    bad: { access: { from: ["everyone"] } },
    code: "invalid-value",
    fieldPath: "access.from.0",
    good: { access: { from: ["anywhere"] } },
  },
  "an address without a prefix": {
    bad: { access: { from: [{ cidr: "10.0.0.1" }] } },
    code: "invalid-value",
    fieldPath: "access.from.0.cidr",
    good: { access: { from: [{ cidr: "10.0.0.1/32" }] } },
  },
  "a service that nobody may call": {
    bad: { access: {} },
    code: "unreachable",
    fieldPath: "access.from",
    good: { access: { from: ["cluster"] } },
  },
  "a single replica": {
    bad: { replicas: 1 },
    code: "single-replica",
    fieldPath: "replicas",
    good: { replicas: 2 },
  },
  "a name with a capital letter": {
    bad: { name: "Web" },
    code: "invalid-name",
    fieldPath: "name",
    good: { name: "web" },
  },
  "a name that is too long": {
    bad: { name: "w".repeat(64) },
    code: "invalid-name",
    fieldPath: "name",
    good: { name: "w".repeat(63) },
  },
  "an exception without a reason": {
    bad: { allow: [{ code: "unreachable", reason: " " }] },
    code: "exception-without-reason",
    fieldPath: "allow.0.reason",
    good: { allow: [{ code: "unreachable", reason: "a batch of its own" }] },
  },
  "an exception from what cannot be excused": {
    bad: { allow: [{ code: "invalid-value", reason: "I insist" }] },
    code: "invalid-value",
    fieldPath: "allow.0.code",
    good: { allow: [{ code: "single-replica", reason: "one is enough" }] },
  },
  "a patch of an object that there is not": {
    bad: { replicas: 0, patch: { podDisruptionBudget: { spec: { maxUnavailable: 2 } } } },
    code: "patch-target-missing",
    fieldPath: "patch.podDisruptionBudget",
    good: { replicas: 2, patch: { podDisruptionBudget: { spec: { maxUnavailable: 2 } } } },
  },
  "a patch that changes the name": {
    bad: { patch: { service: { metadata: { name: "other" } } } },
    code: "invalid-value",
    fieldPath: "patch.service.metadata.name",
    good: { patch: { service: { metadata: { annotations: { a: "b" } } } } },
  },
  "a patch that JSON cannot carry": {
    bad: { patch: { pod: { activeDeadlineSeconds: Number.NaN } } },
    code: "invalid-value",
    fieldPath: "patch.pod.activeDeadlineSeconds",
    good: { patch: { pod: { activeDeadlineSeconds: 60 } } },
  },
  "two patches that contradict each other": {
    bad: { patch: { container: { tty: true }, pod: { containers: [{ name: "app" }] } } },
    code: "patch-lost",
    fieldPath: "patch.container.tty",
    good: { patch: { container: { tty: true }, pod: { hostname: "app" } } },
  },
  "a late value outside of a stack": {
    bad: { env: { HOST: lateValue("db", { secret: false }) } },
    code: "late-outside-stack",
    fieldPath: "env.HOST",
    good: { env: { HOST: "db" } },
  },
};

describe("Bad input", () => {
  for (const [title, { bad, code, fieldPath, good }] of Object.entries(cases)) {
    it(`is named with its path and a fix: ${title}`, () => {
      const service = webService(bad);
      const found = findingsAround(service).filter((finding) => finding.code === code);
      assert.deepEqual(
        found.map((finding) => [finding.constructPath, finding.fieldPath]),
        [["shop/web", fieldPath]],
      );
      assert.ok(found[0]?.fix);
      assert.deepEqual(findingsAround(webService(good)), [], "the good twin must have no finding");
    });
  }

  it("stops the synthesis of a plain app with all errors at once", () => {
    const service = webService({ port: 0, replicas: -1, image: "x" });
    assert.throws(
      () => appOf(service).synthYaml(),
      (error: Error) => {
        assert.match(error.message, /\[shop\/web\] image: .*\[shop\/web\] port: .*\[shop\/web\] replicas: /s);
        return true;
      },
    );
  });

  it("lets a plain app with warnings pass", () => {
    const yaml = appOf(webService({ replicas: 1 })).synthYaml();
    assert.match(yaml, /kind: Deployment/);
  });

  it("names two objects of one name, raw ones too", () => {
    const chart = newChart();
    new WebService(chart, "web", soundProps);
    const raw = { apiVersion: "v1", kind: "Service", metadata: { name: "web" } };
    new ApiObject(chart, "raw", raw);
    assert.deepEqual(
      findingsOf(chart).map(({ code, constructPath, message }) => [code, constructPath, message]),
      [["duplicate-object", "shop/raw", 'Service "web" is also made at "shop/web/service"']],
    );
    new ApiObject(chart, "elsewhere", { ...raw, metadata: { name: "web", namespace: "other" } });
    assert.equal(findingsOf(chart).length, 1, "the same name in another namespace is fine");
  });

  it("names two objects that cdk8s would write to one file", () => {
    const codes = (yamlOutputType: YamlOutputType, ids: readonly string[]): readonly string[] => {
      const app = new App({ yamlOutputType });
      for (const id of ids) {
        const chart = new Chart(app, id);
        new ApiObject(chart, "one", {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "same", namespace: id },
        });
      }
      return findingsOf(app).map(({ code, constructPath }) => `${code} ${constructPath}`);
    };
    const clash = ["file-clash b/one"];
    assert.deepEqual(codes(YamlOutputType.FILE_PER_RESOURCE, ["a", "b"]), clash);
    assert.deepEqual(codes(YamlOutputType.FILE_PER_CHART, ["a", "b"]), []);
    assert.deepEqual(codes(YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE, ["a", "b"]), []);
    const app = new App({ yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE });
    const chart = new Chart(app, "a");
    for (const namespace of ["one", "two"]) {
      new ApiObject(chart, namespace, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "same", namespace },
      });
    }
    assert.deepEqual(
      findingsOf(app).map(({ code }) => code),
      ["file-clash"],
    );
  });

  it("names a node port that is used twice in an app", () => {
    const app = new App();
    for (const name of ["one", "two"]) {
      const chart = new Chart(app, name, { namespace: name });
      new WebService(chart, "web", { ...soundProps, expose: { nodePort: 30_080 } });
    }
    assert.deepEqual(
      findingsOf(app).map(({ code, constructPath }) => [code, constructPath]),
      [["node-port-taken", "two/web/service"]],
    );
  });
});
