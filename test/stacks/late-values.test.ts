import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { Config, WebService } from "../../constructs/index.ts";
import { late, lateSecret } from "../../stacks/late.ts";
import { soundProps } from "../support/constructs.ts";
import { mockEngine } from "../support/mocked-engine.ts";
import { deployMocked, mockedCluster } from "../support/mocked-workload.ts";

/** How a service reads a late value: as a variable, as a secret one, or as a key of a Config of its own. */
type Reading = "variable" | "secret" | "config" | "no";

/** For each service of an app how it reads each of the late values. */
type Readings = readonly (readonly Reading[])[];

const values = ["one", "two", "three"];
const reading = fc.constantFrom<Reading>("variable", "secret", "config", "no");
const readings = fc.array(fc.array(reading, { minLength: values.length, maxLength: values.length }), {
  minLength: 1,
  maxLength: 3,
});

describe("A late value that changes", function () {
  this.timeout(120_000);

  it("changes the pods of who reads it, once, and of nobody else a byte", async () => {
    await fc.assert(
      fc.asyncProperty(readings, fc.nat(values.length - 1), async (app, changed) => {
        const after = values.map((value, index) => (index === changed ? `new ${value}` : value));

        const [old, first, second] = [
          await render(app, values),
          await render(app, after),
          await render(app, after),
        ];

        assert.deepEqual(second, first, "the same values give the same bytes");
        assert.deepEqual(
          [...first.keys()].toSorted(),
          [...old.keys()].toSorted(),
          "no object gets another name",
        );
        app.forEach((service, index) => {
          const how = service[changed] ?? "no";
          const [before, now] = [old, first].map((objects) => objects.get(`Deployment/shop/s${index}`));
          assert.equal(before === now, how === "no", `pods of s${index}, which reads it so: ${how}`);
        });
        // What holds the value changes with it, the pods that read it roll, and that is all.
        const different = [...first].flatMap(([name, text]) => (old.get(name) === text ? [] : [name]));
        assert.deepEqual(different.toSorted(), expected(app, changed).toSorted());
      }),
      { numRuns: 15 },
    );
  });

  it("changes nothing if the app does not read it", async () => {
    const app: Readings = [
      ["variable", "secret", "no"],
      ["config", "no", "no"],
    ];

    const [old, now] = [await render(app, values), await render(app, ["one", "two", "another"])];

    assert.deepEqual(now, old);
  });
});

/** The objects that differ when a value does. */
function expected(app: Readings, changed: number): readonly string[] {
  return app.flatMap((service, index) => {
    const name = `s${index}`;
    switch (service[changed]) {
      case "variable":
        return [`Deployment/shop/${name}`];
      case "secret":
        return [`Deployment/shop/${name}`, `Secret/shop/${name}-env`];
      case "config":
        return [`Deployment/shop/${name}`, `ConfigMap/shop/${name}-config`];
      default:
        return [];
    }
  });
}

/** The objects that an app becomes with some values, as text by their names. */
async function render(app: Readings, given: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const engine = await mockEngine();
  try {
    await deployMocked("shop", {
      clusters: [mockedCluster("edge")],
      app: (chart) => {
        const outputs = given.map((value) => pulumi.output(Promise.resolve(value)));
        app.forEach((service, index) => {
          const named = (how: Reading): readonly (readonly [string, pulumi.Output<string>])[] =>
            service.flatMap((each, at) => (each === how ? [[`V${at}`, outputs[at]!] as const] : []));
          const data = Object.fromEntries(named("config").map(([key, value]) => [key, late(value)]));
          const config =
            Object.keys(data).length === 0 ? undefined : new Config(chart, `s${index}-config`, { data });
          new WebService(chart, `s${index}`, {
            ...soundProps,
            env: {
              ...Object.fromEntries(named("variable").map(([key, value]) => [key, late(value)])),
              ...Object.fromEntries(named("secret").map(([key, value]) => [key, lateSecret(value)])),
              ...(config && Object.fromEntries(named("config").map(([key]) => [key, config.value(key)]))),
            },
          });
        });
      },
    });
    const prefix = "edge/shop/".length;
    return new Map(
      engine.objects().map(({ name, inputs }) => [name.slice(prefix), JSON.stringify(revealed(inputs))]),
    );
  } finally {
    engine.close();
  }
}

/** Inputs without the wrappers of secrets. */
function revealed(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return revealed(pulumi.runtime.unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}
