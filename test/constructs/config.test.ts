import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import { Config, findingsOf, lateValue, SecretRef, WebService, Worker } from "../../constructs/index.ts";
import { appOf, findingsAround, newChart, objectOf, soundProps } from "../support/constructs.ts";
import { workload } from "../support/workloads.ts";

const image = "ghcr.io/acme/app:1.4.2";

describe("A Config", () => {
  it("is another object for other content, and the same one for the same", () => {
    const nameOf = (data: Readonly<Record<string, string>>): string =>
      new Config(newChart(), "settings", { data }).objectName;
    assert.match(nameOf({ MODE: "strict" }), /^settings-[0-9a-f]{8}$/);
    assert.equal(nameOf({ A: "1", B: "2" }), nameOf({ B: "2", A: "1" }));
    assert.notEqual(nameOf({ MODE: "strict" }), nameOf({ MODE: "lax" }));
    assert.notEqual(nameOf({ MODE: "strict" }), nameOf({ MODE: "strict", EXTRA: "" }));
  });

  it("never changes once it is there", () => {
    const config = new Config(newChart(), "settings", { data: { MODE: "strict" } });
    const [object] = appOf(config).charts.flatMap((chart) => chart.toJson() as object[]);
    assert.partialDeepStrictEqual(object, { kind: "ConfigMap", immutable: true, data: { MODE: "strict" } });
  });

  it("is read as a variable and as files by every container, and only read", () => {
    const chart = newChart();
    const config = new Config(chart, "settings", { data: { "app.yaml": "mode: strict", MODE: "strict" } });
    const worker = new Worker(chart, "worker", {
      image,
      env: { MODE: config.value("MODE") },
      files: { "/etc/app": config },
      sidecars: { proxy: { image } },
    });
    const { containers, initContainers = [], volumes = [] } = podOf(worker);
    const name = config.objectName;
    assert.deepEqual(containers[0]?.env, [
      { name: "MODE", valueFrom: { configMapKeyRef: { name, key: "MODE" } } },
    ]);
    assert.deepEqual(volumes.at(-1), { name: "files-0", configMap: { name } });
    for (const container of [...containers, ...initContainers]) {
      assert.deepEqual(container.volumeMounts?.at(-1), {
        name: "files-0",
        mountPath: "/etc/app",
        readOnly: true,
      });
    }
    assert.deepEqual(findingsOf(chart), []);
  });

  it("replaces the pods that read it when its content changes, and no others", () => {
    const render = (mode: string): readonly string[] => {
      const chart = newChart();
      const config = new Config(chart, "settings", { data: { MODE: mode } });
      const reader = new Worker(chart, "reader", { image, env: { MODE: config.value("MODE") } });
      const other = new Worker(chart, "other", { image });
      return [reader, other].map((worker) => JSON.stringify(podOf(worker)));
    };
    const [before, after] = [render("strict"), render("lax")];
    assert.notEqual(before[0], after[0]);
    assert.equal(before[1], after[1]);
  });

  it("keeps its name with a late value, which only a stack can fill in", () => {
    const chart = newChart();
    const late = lateValue<string>("db.example.com", { secret: false });
    const config = new Config(chart, "settings", { data: { HOST: late } });
    assert.equal(config.objectName, "settings");
    assert.deepEqual(
      findingsOf(chart).map(({ code, fieldPath }) => [code, fieldPath]),
      [["late-outside-stack", "data.HOST"]],
    );
  });

  const bad: Readonly<Record<string, readonly [data: unknown, code: string, at: string]>> = {
    "a number": [{ LIMIT: 5 }, "invalid-value", "data.LIMIT"],
    "a key with a slash": [{ "a/b": "" }, "invalid-name", "data.a/b"],
    "no data": [undefined, "invalid-value", "data"],
    "a password": [{ DB_PASSWORD: "hunter2" }, "literal-secret", "data.DB_PASSWORD"],
    "a private key": [
      { "tls.key": "-----BEGIN EC PRIVATE KEY-----\nMHc=" },
      "literal-secret",
      "data.tls.key",
    ],
  };
  for (const [title, [data, code, at]] of Object.entries(bad)) {
    it(`refuses ${title}`, () => {
      const chart = newChart();
      new Config(chart, "settings", { data: data as Readonly<Record<string, string>> });
      assert.deepEqual(
        findingsOf(chart).map((finding) => [finding.code, finding.fieldPath]),
        [[code, at]],
      );
    });
  }
});

describe("A SecretRef", () => {
  it("is read as a variable and as files, and a new revision replaces the pods", () => {
    const render = (revision: string): string => {
      const secret = new SecretRef("db", { revision });
      const worker = workload("worker", {
        env: { PASSWORD: secret.value("password") },
        files: { "/etc/db": secret },
      });
      const template = objectOf(worker, "Deployment").spec?.template;
      assert.deepEqual(template?.spec?.containers[0]?.env, [
        { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
      ]);
      assert.deepEqual(template.spec.volumes?.at(-1), { name: "files-0", secret: { secretName: "db" } });
      assert.deepEqual(findingsAround(worker), []);
      return JSON.stringify(template);
    };
    assert.equal(render("1"), render("1"));
    assert.notEqual(render("1"), render("2"));
  });

  it("names a key that the Secret does not have", () => {
    const secret = new SecretRef("db", { keys: ["username", "password"] });
    const codes = (key: string): readonly string[] =>
      findingsAround(workload("worker", { env: { DB: secret.value(key) } })).map(({ code }) => code);
    assert.deepEqual(codes("pasword"), ["config-unreadable"]);
    assert.deepEqual(codes("password"), []);
  });
});

describe("Between a workload and its configuration", () => {
  it("a key that is not there is a finding", () => {
    const chart = newChart();
    const config = new Config(chart, "settings", { data: { MODE: "strict" } });
    new Worker(chart, "worker", { image, env: { MODE: config.value("MOED") } });
    assert.deepEqual(
      findingsOf(chart).map(({ code, constructPath, fieldPath }) => [code, constructPath, fieldPath]),
      [["config-unreadable", "shop/worker", "env.MODE"]],
    );
  });

  it("another namespace is a finding", () => {
    const app = new App();
    const config = new Config(new Chart(app, "one", { namespace: "one" }), "settings", { data: { A: "1" } });
    new WebService(new Chart(app, "two", { namespace: "two" }), "web", {
      ...soundProps,
      files: { "/etc/app": config },
    });
    assert.deepEqual(
      findingsOf(app).map(({ code, constructPath, fieldPath }) => [code, constructPath, fieldPath]),
      [["config-unreadable", "two/web", "files./etc/app"]],
    );
  });

  for (const [title, bad, at, good] of [
    ["a place that is taken", { "/tmp": new SecretRef("db") }, "files./tmp", { "/etc": new SecretRef("db") }],
    ["a name", { "/etc/db": "db" }, "files./etc/db", { "/etc/db": new SecretRef("db") }],
  ] as const) {
    it(`files are refused in ${title}`, () => {
      const found = findingsAround(workload("worker", { files: bad }));
      assert.deepEqual(
        found.map(({ code, fieldPath }) => [code, fieldPath]),
        [["invalid-value", at]],
      );
      assert.deepEqual(findingsAround(workload("worker", { files: good })), []);
    });
  }

  for (const [name, value] of [
    ["DB_PASSWORD", "hunter2"],
    ["DATABASE_URL", "postgres://app:hunter2@db/shop"],
    ["GITHUB_TOKEN", "abc"],
    ["STRIPE_API_KEY", "abc"],
  ] as const) {
    it(`a secret that stands in ${name} is a finding`, () => {
      const found = findingsAround(workload("worker", { env: { [name]: value } }));
      assert.deepEqual(
        found.map(({ code, fieldPath }) => [code, fieldPath]),
        [["literal-secret", `env.${name}`]],
      );
      const allow = [{ code: "literal-secret", reason: "a public key of a test system" }];
      assert.deepEqual(findingsAround(workload("worker", { env: { [name]: value }, allow })), []);
    });
  }

  it("text that only looks alike is no secret", () => {
    const env = {
      TOKEN_URL: "https://id.example.com/token",
      PASSWORD_FILE: "/etc/db/password",
      SECRETS: "off",
    };
    assert.deepEqual(findingsAround(workload("worker", { env })), []);
  });
});

type Pod = NonNullable<NonNullable<ReturnType<typeof objectOf<"Deployment">>["spec"]>["template"]["spec"]>;

function podOf(worker: Parameters<typeof objectOf>[0]): Pod {
  return objectOf(worker, "Deployment").spec?.template.spec as Pod;
}
