import assert from "node:assert/strict";
import { type ApiObject, App, Chart, Yaml } from "cdk8s";
import { Construct } from "constructs";
import { WebService } from "../../constructs/index.ts";
import { soundProps } from "../support/constructs.ts";

describe("The synthesis of an app of many charts", () => {
  it("gives the bytes that cdk8s gives chart by chart, in the order of their dependencies", () => {
    const app = new App();
    const first = new Chart(app, "first", { namespace: "first" });
    const second = new Chart(app, "second", { namespace: "second" });
    const inner = new Chart(second, "inner", { namespace: "inner" });
    const web = new WebService(first, "web", soundProps);
    const db = new WebService(second, "db", soundProps);
    new WebService(inner, "cache", soundProps);
    web.node.addDependency(db);

    const yaml = app.synthYaml();

    const charts = app.charts.map(({ node }) => node.id);
    assert.ok(charts.indexOf("second") < charts.indexOf("first"));
    const objects = app.charts.flatMap((chart) => chart.toJson() as object[]);
    assert.equal(objects.length, 15);
    assert.equal(yaml, Yaml.stringify(...objects));
  });

  it("checks the whole app once, however many charts there are", () => {
    const app = new App();
    let checks = 0;
    for (let index = 0; index < 10; index++) {
      const chart = new Chart(app, `chart-${index}`, { namespace: `ns-${index}` });
      new WebService(chart, "web", soundProps);
      const counted = new Construct(chart, "counted");
      counted.node.addValidation({ validate: () => (checks++, []) });
    }

    app.synthYaml();

    assert.equal(checks, 10);
  });

  it("leaves it to a chart how it is written, if its class says so", () => {
    class Reversed extends Chart {
      override toJson(): unknown[] {
        return (super.toJson() as unknown[]).toReversed();
      }
    }
    const app = new App();
    const chart = new Reversed(app, "reversed");
    new WebService(chart, "web", soundProps);

    const kinds = (text: string): readonly string[] => text.match(/^kind: \w+$/gm) ?? [];
    const expected = (chart.toJson() as ApiObject[]).map(({ kind }) => `kind: ${kind}`);
    assert.deepEqual(kinds(app.synthYaml()), expected);
  });
});
