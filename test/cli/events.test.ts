import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fleetEventSchema } from "../../cli/fleet/event-schema.ts";
import type { FleetEvent } from "../../cli/fleet/events.ts";
import { release } from "../../cli/fleet/release.ts";
import { digestOf, FakeFleet, offerOf } from "../support/fake-fleet.ts";

const [one, two] = [digestOf("1"), digestOf("2")];
const waves = [["eu1"], ["eu2", "eu3"]];

/** What is wrong with a printed event; undefined if nothing is. */
function problemOf(printed: Readonly<Record<string, unknown>>): string | undefined {
  const variant = fleetEventSchema.oneOf.find(({ properties }) => properties.type.const === printed["type"]);
  if (variant === undefined) return `${String(printed["type"])} is no event`;
  const missing = variant.required.find((key) => !(key in printed));
  if (missing !== undefined) return `${missing} is missing`;
  return Object.entries(printed)
    .filter(([key, value]) => !fits(variant.properties[key], value))
    .map(([key]) => `${key} is wrong`)[0];
}

/** As much of JSON Schema as the schema of events has. */
function fits(schema: object | undefined, value: unknown): boolean {
  if (schema === undefined) return false;
  if ("const" in schema) return schema.const === value;
  if ("enum" in schema) return (schema.enum as readonly unknown[]).includes(value);
  if ("items" in schema)
    return Array.isArray(value) && value.every((item) => fits(schema.items as object, item));
  if ("additionalProperties" in schema)
    return Object.values(value as object).every((each) => fits(schema.additionalProperties as object, each));
  return "type" in schema && typeof value === schema.type;
}

describe("Events of a run", () => {
  it("are as their schema says, and all of them are in it", async () => {
    const events: FleetEvent[] = [];
    const onEvent = (event: FleetEvent): void => void events.push(event);
    const fleet = new FakeFleet();
    await release(fleet, "shop", offerOf(one, waves), { onEvent });
    fleet.broken.set(two, "eu2");
    fleet.silent.add("eu3");
    await release(fleet, "shop", offerOf(two, waves), { onEvent });
    const offer = offerOf(digestOf("3"), waves);
    const windows = [{ from: "22:00", to: "23:00", timeZone: "UTC" }];
    const asking = { ...offer, waves: offer.waves.map((wave) => ({ ...wave, approval: true, windows })) };
    await release(fleet, "shop", asking, { onEvent });
    await release(fleet, "shop", asking, { onEvent, approve: true });

    for (const event of events) {
      const printed = { ...event, at: "2026-11-21T10:00:00Z" };
      assert.equal(problemOf(printed), undefined, JSON.stringify(printed));
    }
    const known = fleetEventSchema.oneOf.map(({ properties }) => properties.type.const);
    assert.deepEqual(new Set(events.map(({ type }) => type)), new Set(known));
    assert.equal(problemOf({ type: "ends", at: "", app: "shop", exitCode: 1 }), "exitCode is wrong");
    assert.equal(problemOf({ type: "approval", at: "", app: "shop" }), "wave is missing");
    assert.equal(problemOf({ type: "approval", at: "", app: "shop", wave: "", more: "" }), "more is wrong");
  });

  it("have their schema in a file", () => {
    const file = "docs/fleet-events.schema.json";
    const text = `${JSON.stringify(fleetEventSchema, undefined, 2)}\n`;
    if (process.env["KEELSON_UPDATE_GOLDEN"] === "1") writeFileSync(file, text);

    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), fleetEventSchema);
  });
});
