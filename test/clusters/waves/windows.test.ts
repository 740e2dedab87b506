import assert from "node:assert/strict";
import fc from "fast-check";
import { rest, waves } from "../../../clusters/waves/waves.ts";
import { type Day, isOpen, type MaintenanceWindow, nextOpening } from "../../../clusters/waves/windows.ts";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const names: readonly Day[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Zones with offsets of odd minutes, with half an hour of summer time, without any, and with one that lost a day. */
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Africa/Casablanca",
];

const times = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":"));

const anyWindow: fc.Arbitrary<MaintenanceWindow> = fc
  .record(
    {
      days: fc.subarray([...names], { minLength: 1 }),
      from: times,
      to: fc.oneof(times, fc.constant("24:00")),
      timeZone: fc.constantFrom(...zones),
    },
    { requiredKeys: ["from", "to", "timeZone"] },
  )
  .filter(({ from, to }) => from !== to);

/** Often near the hours at which clocks change. */
const instants = fc.oneof(
  fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2040, 0) }),
  fc
    .tuple(
      fc.constantFrom(
        Date.UTC(2026, 2, 29, 1), // Berlin, an hour less
        Date.UTC(2026, 9, 25, 1), // Berlin, an hour more
        Date.UTC(2026, 10, 1, 6), // New York, an hour more
        Date.UTC(2026, 3, 4, 15), // Lord Howe, half an hour more
        Date.UTC(2011, 11, 30, 10), // Apia has no 30th of December
      ),
      fc.integer({ min: -30 * hour, max: 30 * hour }),
    )
    .map(([change, beside]) => change + beside),
);

/** The same rule in other words: the clock on the wall is compared with the beginnings of today and yesterday, as texts. */
function isOpenByTexts({ days = names, from, to, timeZone }: MaintenanceWindow, at: number): boolean {
  const wall = new Date(at).toLocaleString("sv-SE", { timeZone }).slice(0, 16);
  const today = Date.parse(`${wall.slice(0, 10)}T00:00:00Z`);
  const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return [today, today - day].some((begins) => {
    if (!days.includes(names[new Date(begins).getUTCDay()]!)) return false;
    const ends = to > from ? begins : begins + day;
    return wall >= `${dateOf(begins)} ${from}` && wall < `${dateOf(ends)} ${to}`;
  });
}

describe("Maintenance windows", () => {
  it("are open when the clock on the wall says so, also where it jumps and across midnight", () => {
    fc.assert(
      fc.property(anyWindow, instants, (window, at) => {
        assert.equal(isOpen([window], at), isOpenByTexts(window, at));
      }),
      { numRuns: 1000 },
    );
  });

  it("are open together when one of them is, in whatever order and however they overlap", () => {
    fc.assert(
      fc.property(fc.array(anyWindow, { minLength: 1, maxLength: 4 }), instants, (windows, at) => {
        const isOne = windows.some((window) => isOpen([window], at));

        assert.equal(isOpen(windows, at), isOne);
        assert.equal(isOpen([...windows, ...windows].toReversed(), at), isOne);
      }),
    );
  });

  it("open next at the first minute at which one is open", () => {
    fc.assert(
      fc.property(fc.array(anyWindow, { minLength: 1, maxLength: 2 }), instants, (windows, at) => {
        const next = nextOpening(windows, at);

        assert.ok(next !== undefined && next >= at && isOpen(windows, next));
        assert.equal(next === at, isOpen(windows, at));
        if (next > at) assert.equal(next % minute, 0);
        for (let time = at; time < next; time += 7 * minute) assert.ok(!isOpen(windows, time));
        if (next > at) assert.ok(!isOpen(windows, next - 1));
      }),
      { numRuns: 40 },
    );
  }).timeout(60_000);

  const berlin = { from: "22:00", to: "04:00", timeZone: "Europe/Berlin" };
  for (const [title, window, date, minutes] of [
    ["six hours of an ordinary night", berlin, "2026-06-10T12:00Z", 360],
    ["an hour less when summer time begins", berlin, "2026-03-28T12:00Z", 300],
    ["an hour more when it ends", berlin, "2026-10-24T12:00Z", 420],
    [
      "not at all in the hour that is left out",
      { ...berlin, from: "02:00", to: "03:00" },
      "2026-03-28T12:00Z",
      0,
    ],
    ["twice the hour that comes twice", { ...berlin, from: "02:00", to: "03:00" }, "2026-10-24T12:00Z", 120],
    ["a whole day", { ...berlin, from: "00:00", to: "24:00" }, "2026-06-10T12:00Z", 1440],
  ] as const) {
    it(`last ${title}`, () => {
      const noon = Date.parse(date);

      const open = Array.from({ length: 24 * 60 }, (_, index) => noon + index * minute).filter((at) =>
        isOpen([window], at),
      );

      assert.equal(open.length, minutes);
    });
  }

  it("belong to the day on which they begin", () => {
    const window: MaintenanceWindow = { ...berlin, days: ["sat"], timeZone: "UTC" };
    const at = (time: string): boolean => isOpen([window], Date.parse(`${time}Z`));

    assert.deepEqual(
      [
        "2026-12-04T23:00",
        "2026-12-05T03:00",
        "2026-12-05T22:00",
        "2026-12-06T03:59",
        "2026-12-06T04:00",
      ].map(at),
      [false, false, true, true, false],
    );
  });

  it("are open at any time if there are none", () => {
    assert.ok(isOpen([], 0));
    assert.equal(nextOpening([], 17), 17);
  });

  for (const [title, window, message] of [
    ["a day that is none", { ...berlin, days: ["Sat" as Day] }, /"Sat" is none of sun, mon,/],
    ["no day", { ...berlin, days: [] }, /on no day never opens/],
    ["a time that is none", { ...berlin, from: "22" }, /"22" is no time such as 22:00/],
    ["a time after midnight", { ...berlin, to: "24:01" }, /"24:01" is no time/],
    ["a beginning at the end of the day", { ...berlin, from: "24:00" }, /begins at "00:00" of the next day/],
    ["no time between", { ...berlin, to: "22:00" }, /from 22:00 to 22:00 is none/],
    ["a time zone that is none", { ...berlin, timeZone: "Berlin" }, /there is no time zone "Berlin"/],
  ] as const) {
    it(`refuse ${title}`, () => {
      assert.throws(() => waves([rest({ windows: [window] })]), { code: "KEELSON_INVALID_INPUT", message });
    });
  }

  it("refuse an empty list, which could mean always or never", () => {
    assert.throws(() => rest({ windows: [] }), { message: /wave "rest" has no window at all/ });
  });
});
