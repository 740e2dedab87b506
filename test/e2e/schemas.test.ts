import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { isRecord } from "../../constructs/core/json.ts";
import { minors } from "../../constructs/kubernetes/schema.ts";
import { catalogueOf } from "../../constructs/schema/catalogue.ts";
import { validate } from "../../constructs/schema/validate.ts";
import { renderAll } from "../../scripts/kubernetes/render-all.ts";
import { goModule } from "../../scripts/kubernetes/spec.ts";

describe("the types and schemas of Kubernetes", function () {
  this.timeout(300_000);

  it("are what the generator makes of the modules of Kubernetes", async () => {
    const files = renderAll({ download: true });

    assert.equal(files?.size, minors.length + 3);
    for (const [name, text] of files) {
      const committed = await readFile(
        new URL(`../../constructs/kubernetes/${name}`, import.meta.url),
        "utf8",
      );
      assert.ok(committed === text, `${name} must be generated anew: scripts/generate-kubernetes.ts`);
    }
  });

  it("accepts what Kubernetes itself writes of every kind, and finds a field that is added anywhere", () => {
    const objects = samples();
    assert.ok(objects.length > 200);
    for (const { minor, object } of objects) {
      const type = catalogueOf(minor).find(String(object["apiVersion"]), String(object["kind"]))?.type;
      assert.ok(type);
      // The samples hold words such as "protocolValue", which nobody accepts.
      const serious = validate(object, type).filter(({ code }) => code !== "invalid-value");
      assert.deepEqual(serious, [], `${String(object["kind"])} of ${minor}`);
    }
    fc.assert(
      fc.property(fc.constantFrom(...objects), fc.nat(), ({ minor, object }, seed) => {
        const type = catalogueOf(minor).find(String(object["apiVersion"]), String(object["kind"]))?.type;
        assert.ok(type);
        const copy = structuredClone(object);
        const places = placesIn(copy, "");
        const [path, place] = places[seed % places.length] ?? ["", copy];
        place["addedByTheTest"] = [{}];
        const found = validate(copy, type).filter(({ code }) => code !== "invalid-value");
        const name = path === "" ? "addedByTheTest" : `${path}.addedByTheTest`;
        assert.deepEqual([...new Set(found.map((each) => each.path))], [name]);
      }),
      { numRuns: 300 },
    );
  });
});

interface Sample {
  readonly minor: string;
  readonly object: Record<string, unknown>;
}

/** One object of every kind with every field set, as the API module of Kubernetes keeps them for its own tests. */
function samples(): readonly Sample[] {
  const folder = goModule("k8s.io/api", "0.36.3", true);
  assert.ok(folder);
  const folders = { "1.34": "v1.34.0", "1.35": "v1.35.0", "1.36": "HEAD" };
  return Object.entries(folders).flatMap(([minor, name]) => {
    const directory = join(folder, "testdata", name);
    return readdirSync(directory)
      .filter((file) => file.endsWith(".json") && !file.includes("roundtrip"))
      .map((file) => JSON.parse(readFileSync(join(directory, file), "utf8")) as Record<string, unknown>)
      .filter((object) => catalogueOf(minor).find(String(object["apiVersion"]), String(object["kind"])))
      .map((object) => ({ minor, object }));
  });
}

// Objects whose fields are known: not maps, whose keys end so in the samples, not free ones, not what nobody checks.
function placesIn(value: unknown, path: string): readonly (readonly [string, Record<string, unknown>])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => placesIn(item, `${path}.${index}`));
  if (!isRecord(value) || value["kind"] === "CustomType" || Object.keys(value).length === 0) return [];
  const inner = Object.entries(value).flatMap(([key, item]) =>
    key === "status" || key === "managedFields" ? [] : placesIn(item, path === "" ? key : `${path}.${key}`),
  );
  const isMap = Object.keys(value).some((key) => key.endsWith("Key"));
  return isMap ? inner : [[path, value], ...inner];
}
