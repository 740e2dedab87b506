import assert from "node:assert/strict";
import { isSchedule } from "../../constructs/scheduled-job/schedule.ts";

describe("isSchedule()", () => {
  for (const text of [
    "* * * * *",
    "*/5 0-6,22 1 jan-mar MON-FRI",
    "0 0 ? * 0",
    "59 23 31 12 6",
    "0-30/10 * * * *",
    "@hourly",
  ]) {
    it(`takes "${text}"`, () => {
      assert.ok(isSchedule(text));
    });
  }

  for (const text of [
    "",
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 7",
    "5-1 * * * *",
    "*/0 * * * *",
    "1/2/3 * * * *",
    "1--2 * * * *",
    "a * * * *",
    "* * * mon *",
    "@sometimes",
    5,
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.ok(!isSchedule(text));
    });
  }
});
