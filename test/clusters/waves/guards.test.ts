import assert from "node:assert/strict";
import fc from "fast-check";
import { emptyLock } from "../../../clusters/lock/lock.ts";
import type { FleetLock, Releases } from "../../../clusters/lock/lock.ts";
import { removalProblems } from "../../../clusters/waves/guards.ts";

const names = Array.from({ length: 30 }, (_, index) => `c${index}`);
const releases: fc.Arbitrary<Releases> = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc
    .subarray(names, { minLength: 1 })
    .map((some) => Object.fromEntries(some.map((name) => [name, "sha256:1"]))),
  { noNullPrototype: true },
);

const running = (some: Releases): FleetLock => ({ ...emptyLock, releases: some });
const placed = (some: Releases): FleetLock => {
  const apps = Object.entries(some).map(([app, clusters]) => [
    app,
    { tier: 0, clusters: Object.fromEntries(Object.keys(clusters).map((name) => [name, 1])) },
  ]);
  return { ...emptyLock, decision: { apps: Object.fromEntries(apps) as FleetLock["decision"]["apps"] } };
};

/** What is left after some clusters have lost some apps. */
const shrunk = (some: Releases): fc.Arbitrary<Releases> =>
  fc
    .tuple(
      ...Object.entries(some).map(([app, clusters]) =>
        fc.tuple(fc.constant(app), fc.subarray(Object.entries(clusters))),
      ),
    )
    .map((apps) => Object.fromEntries(apps.map(([app, clusters]) => [app, Object.fromEntries(clusters)])));

/** Apps that share most of their clusters: each may lose few of them, and the fleet many. */
const overlapping: fc.Arbitrary<readonly [Releases, Releases]> = fc
  .record({
    shared: fc.subarray(names.slice(0, 20), { minLength: 8 }),
    own: fc.array(fc.subarray(names.slice(20), { maxLength: 3 }), { minLength: 1, maxLength: 5 }),
    leaving: fc.subarray(names.slice(20)),
  })
  .map(({ shared, own, leaving }) => {
    const on = (gone: readonly string[]): Releases =>
      Object.fromEntries(
        own.map((some, index) => {
          const clusters = [...shared, ...some].filter((name) => !gone.includes(name));
          return [`app${index}`, Object.fromEntries(clusters.map((name) => [name, "sha256:1"]))];
        }),
      );
    return [on([]), on(leaving)] as const;
  });

describe("removalProblems()", () => {
  const changes = fc.oneof(
    releases.chain((before) => fc.tuple(fc.constant(before), fc.oneof(shrunk(before), releases))),
    overlapping,
  );
  for (const [what, lockOf] of [
    ["what runs", running],
    ["what is decided", placed],
  ] as const) {
    it(`catches every mass removal in ${what}, and nothing else`, () => {
      fc.assert(
        fc.property(changes, ([before, after]) => {
          const problems = removalProblems(lockOf(before), lockOf(after));

          assert.equal(problems.length > 0, isMassRemoval(before, after));
          assert.ok(problems.every(({ code }) => code === "KEELSON_REMOVAL_REFUSED"));
          assert.deepEqual(removalProblems(lockOf(before), lockOf(after), true), []);
        }),
        { numRuns: 500 },
      );
    });
  }

  it("lets one of ten go, but not two", () => {
    const all = Object.fromEntries(names.slice(0, 10).map((name) => [name, "sha256:1"]));
    const without = (...gone: string[]): FleetLock =>
      running({ a: Object.fromEntries(Object.entries(all).filter(([name]) => !gone.includes(name))) });

    assert.deepEqual(removalProblems(running({ a: all }), without("c3")), []);
    assert.deepEqual(
      removalProblems(running({ a: all }), without("c3", "c7")).map(
        ({ where, message }) => `${where}: ${message}`,
      ),
      ["a: 2 of 10 clusters would lose it: c3, c7", "fleet: 2 of 10 clusters would lose all apps: c3, c7"],
    );
  });

  it("allows apps by name, but never an emptied fleet", () => {
    const before = running({ a: { c1: "sha256:1" }, b: { c2: "sha256:1" } });

    const problems = (allowed: readonly string[]): readonly string[] =>
      removalProblems(before, running({ b: { c2: "sha256:1" } }), allowed).map(({ where }) => where);
    assert.deepEqual(problems([]), ["a", "fleet"]);
    assert.deepEqual(problems(["a"]), ["fleet"]);
  });
});

// The same rule in other words: by pairs instead of sets.
function isMassRemoval(before: Releases, after: Releases): boolean {
  const has = (lock: Releases, app: string, cluster: string): boolean =>
    Object.hasOwn(lock[app] ?? {}, cluster);
  const some = (lock: Releases, cluster: string): boolean =>
    Object.keys(lock).some((app) => has(lock, app, cluster));
  const app = Object.keys(before).some((each) => {
    const clusters = Object.keys(before[each]!);
    return clusters.filter((cluster) => !has(after, each, cluster)).length > clusters.length / 10;
  });
  const used = names.filter((cluster) => some(before, cluster));
  return app || used.filter((cluster) => !some(after, cluster)).length > used.length / 10;
}
