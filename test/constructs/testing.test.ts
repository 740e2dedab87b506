import assert from "node:assert/strict";
import { ApiObject } from "cdk8s";
import { WebService, type WebServiceProps } from "../../constructs/index.ts";
import { goldenCases, mismatches, render } from "../../constructs/testing/index.ts";
import { soundProps, webService } from "../support/constructs.ts";

describe("The test kit", () => {
  it("renders what a function builds, in a chart of its own", () => {
    const shop = render((chart) => new WebService(chart, "web", soundProps), { namespace: "shop" });
    shop.expectFindings();
    assert.deepEqual(shop.objects.map(({ kind }) => kind).toSorted(), [
      "Deployment",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "Service",
      "ServiceAccount",
    ]);
    assert.equal(shop.get("Service", "web").metadata.namespace, "shop");
    shop.expect("Deployment", { spec: { replicas: 2 } });
  });

  it("renders the app that holds a construct", () => {
    render(webService()).expect("Service", { spec: { ports: [{ port: 80, name: "http" }] } });
  });

  it("says each difference, in fields that are named alone", () => {
    const rendering = render(webService());
    assert.throws(() => {
      rendering.expect("Deployment", { spec: { replicas: 3, paused: true, selector: null } });
    }, /it is not as expected\n {2}spec\.replicas: expected 3, is 2\n {2}spec\.paused: expected true, is nothing\n {2}spec\.selector: expected nothing, is \{/);
  });

  it("says what there is where the wanted object is missing or not the only one", () => {
    assert.throws(
      () => render(webService()).get("Ingress"),
      /Cannot pick one Ingress: the app has 0 of .*Deployment "web"/,
    );
    const two = render((chart) => ["a", "b"].map((id) => new WebService(chart, id, soundProps)));
    assert.throws(() => two.get("Service"), /the app has 2 of/);
    assert.equal(two.get("Service", "b").metadata.name, "b");
  });

  it("names findings that were not expected, and codes that were not found", () => {
    const rendering = render((chart) => new WebService(chart, "web", { ...soundProps, replicas: 1 }));
    rendering.expectFindings("single-replica");
    assert.throws(() => {
      rendering.expectFindings();
    }, /it has findings\nwarning test\/web replicas: /);
    assert.throws(() => {
      rendering.expectFindings("single-replica", "unreachable");
    }, /it has no finding unreachable/);
  });

  it("checks for the version of a profile", () => {
    const build = {
      apiVersion: "v1",
      kind: "Pod",
      spec: { containers: [{ name: "a" }], workloadRef: { name: "a", podGroup: "b" } },
    };
    const found = render((chart) => new ApiObject(chart, "pod", build), { profile: { kubernetes: "1.36" } });
    found.expectFindings("unknown-field");
  });

  it("compares lists item by item", () => {
    assert.deepEqual(mismatches({ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }), []);
    assert.deepEqual(mismatches({ a: [1, 2] }, { a: [1] }), ["a: expected [1], is [1,2]"]);
  });
});

describe("Golden cases", () => {
  const build = (chart: ConstructorParameters<typeof WebService>[0], input: WebServiceProps): unknown =>
    new WebService(chart, "web", input);
  const cases = goldenCases(
    {
      three_replicas: {
        input: { ...soundProps, replicas: 3 },
        objects: { Deployment: { spec: { replicas: 3 } } },
      },
      error_port: { input: { ...soundProps, port: 0 }, findings: ["invalid-value"] },
    },
    build,
  );
  for (const { title, run } of cases) it(title, run);

  it("fail where the output differs, findings are missing, or a refusal names none", () => {
    const failing = goldenCases(
      {
        differs: { input: soundProps, objects: { Deployment: { spec: { replicas: 9 } } } },
        missing: { input: soundProps, findings: ["invalid-value"] },
        error_unnamed: { input: soundProps },
      },
      build,
    );
    for (const { title, run } of failing) assert.throws(run, /^KeelsonError: Cannot/, title);
  });
});
