import assert from "node:assert/strict";
import fc from "fast-check";
import type { FleetEvent } from "../../cli/fleet/events.ts";
import { LiveTable } from "../../cli/fleet/live-table.ts";
import { isLive } from "../../cli/fleet/output.ts";
import { release } from "../../cli/fleet/release.ts";
import { advanceTable, renderTable, type TableView } from "../../cli/fleet/table.ts";
import { digestOf, FakeFleet, offerOf } from "../support/fake-fleet.ts";

const wide = { columns: 100, rows: 40 };
const begins: FleetEvent = {
  type: "begins",
  app: "shop",
  waves: [["eu1"], ["eu2", "eu3"], ["us1"]],
  names: ["canary", "25 %", "rest"],
  states: { eu1: "waiting", eu2: "waiting", eu3: "waiting", us1: "waiting" },
  resumed: false,
};
const wave = (index: number, what: "advance" | "verify" | "revert"): FleetEvent => ({
  type: "wave",
  app: "shop",
  wave: begins.names[index] ?? "",
  do: what,
  clusters: begins.waves[index] ?? [],
});
type State = Extract<FleetEvent, { type: "cluster" }>["state"];
const is = (cluster: string, state: State, reason?: string): FleetEvent => ({
  type: "cluster",
  app: "shop",
  cluster,
  state,
  ...(reason !== undefined && { reason }),
});

/** A view after events, each with its second. */
function viewOf(events: readonly (readonly [second: number, event: FleetEvent])[]): TableView {
  let view: TableView | undefined;
  for (const [second, event] of events) view = advanceTable(view, event, second * 1000);
  assert.ok(view !== undefined);
  return view;
}

const recorded = [
  [0, begins],
  [0, wave(0, "advance")],
  [1, is("eu1", "touched")],
  [10, is("eu1", "applied")],
  [10, wave(0, "verify")],
  [60, is("eu1", "verified")],
  [60, wave(1, "advance")],
  [60, is("eu2", "touched")],
  [60, is("eu3", "touched")],
  [70, is("eu2", "applied")],
  [75, is("eu3", "failed", "not healthy in time: \u001b[2Jthe image is not there")],
] as const;

describe("The table of a run", () => {
  it("shows each cluster with its wave, its state and for how long, and when the end is to be expected", () => {
    assert.deepEqual(renderTable(viewOf(recorded), 80_000, wide), [
      'shop: wave 2 of 3 "25 %" is updated, 1m 20s, about 1m 40s to go',
      "cluster  wave    state     for",
      "eu1      canary  verified  20s",
      "eu2      25 %    applied   10s",
      "eu3      25 %    failed    5s   not healthy in time:  [2Jthe image is not there",
      "us1      rest    waiting",
    ]);
  });

  it("shows the way back, and learns anew how long it takes", () => {
    const back = viewOf([...recorded, [80, wave(1, "revert")], [81, is("eu3", "reverting")]]);

    assert.equal(renderTable(back, 85_000, wide)[0], 'shop: wave 2 of 3 "25 %" goes back, 1m 25s');
    const further = advanceTable(back, wave(0, "revert"), 90_000);
    assert.equal(
      renderTable(further!, 95_000, wide)[0],
      'shop: wave 1 of 3 "canary" goes back, 1m 35s, about 5s to go',
    );
  });

  it("knows no time to go before a wave is over", () => {
    assert.deepEqual(renderTable(viewOf(recorded.slice(0, 1)), 0, wide)[0], "shop: 3 waves");
    assert.deepEqual(
      renderTable(viewOf(recorded.slice(0, 3)), 3000, wide)[0],
      'shop: wave 1 of 3 "canary" is updated, 3s',
    );
  });

  it("leaves out the clusters that say least if there is no room, and counts them", () => {
    assert.deepEqual(
      renderTable(viewOf(recorded), 80_000, { columns: 30, rows: 6 }),
      [
        'shop: wave 2 of 3 "25 %" is...',
        "cluster  wave  state    for",
        "eu2      25 %  applied  10s",
        "eu3      25 %  failed   5s ...",
        "and 2 more: 1 verified, 1 waiting",
      ].map((line) => (line.length > 30 ? `${line.slice(0, 27)}...` : line)),
    );
  });

  it("fits into every terminal, and shows what has failed before anything else", () => {
    const states: readonly State[] = ["waiting", "touched", "applied", "verified", "failed", "silent"];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...states), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 5, max: 60 }),
        fc.integer({ min: 30, max: 120 }),
        (all, rows, columns) => {
          const names = all.map((_, index) => `c${index}`);
          const first: FleetEvent = {
            ...begins,
            waves: [names],
            names: ["all"],
            states: Object.fromEntries(names.map((name, index) => [name, all[index]!])),
          };

          const lines = renderTable(viewOf([[0, first]]), 0, { rows, columns });

          assert.ok(lines.length < rows, "the cursor has a line of its own");
          assert.ok(lines.every((line) => line.length <= columns));
          const shown = lines.slice(2).filter((line) => line.startsWith("c"));
          const bad = all.filter((state) => state === "failed" || state === "silent").length;
          const shownBad = shown.filter((line) => /failed|silent/u.test(line)).length;
          assert.equal(shownBad, Math.min(bad, shown.length));
        },
      ),
    );
  });

  it("stands where it stood, below the lines that stay", async () => {
    const screen: string[] = [];
    const fleet = new FakeFleet();
    fleet.broken.set(digestOf("2"), "eu2");
    await release(fleet, "shop", offerOf(digestOf("1"), [["eu1"], ["eu2"]]));
    const table = new LiveTable(
      {
        write: (text) => {
          draw(screen, text);
        },
        ...wide,
      },
      () => 0,
    );

    await release(fleet, "shop", offerOf(digestOf("2"), [["eu1"], ["eu2"]]), { onEvent: table.onEvent });
    table.close();

    assert.deepEqual(screen, [
      "shop: begins in 2 waves: 1: eu1; 2: eu2",
      "shop: eu2 is failed: not healthy in time: apps/Deployment shop/web is InProgress",
      'shop: wave 1 of 2 "wave 0" goes back, 0s, about 0s to go',
      "cluster  wave    state     for",
      "eu1      wave 0  reverted  0s",
      "eu2      wave 1  reverted  0s",
      'shop: rolled back: "eu2": not healthy in time: apps/Deployment shop/web is InProgress',
    ]);
  });

  it("moves only where somebody looks at it", () => {
    assert.equal(isLive(true, { TERM: "xterm" }), true);
    for (const [isTerminal, environment] of [
      [false, { TERM: "xterm" }],
      [undefined, {}],
      [true, { CI: "true" }],
      [true, { TERM: "dumb" }],
    ] as const)
      assert.equal(isLive(isTerminal, environment), false);
  });
});

/** A terminal that knows how the cursor goes up and how everything below is cleared. */
function draw(screen: string[], text: string): void {
  // eslint-disable-next-line no-control-regex
  const [, up, rest = ""] = /^(?:\u001b\[(\d+)A\u001b\[0J)?([\s\S]*)$/u.exec(text) ?? [];
  assert.ok(!rest.includes("\u001b"), JSON.stringify(text));
  if (up !== undefined) screen.splice(screen.length - Number(up));
  screen.push(...rest.split("\n").slice(0, -1));
}
