import assert from "node:assert/strict";
import fc from "fast-check";
import { describeDue, dueLeaves, kubeletLeaf, planeLeaves } from "../../../bootstrap/certificates/leaves.ts";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import type { HostView } from "../../../bootstrap/view.ts";
import { blankView } from "../../support/bootstrap.ts";

const now = Date.parse("2026-11-29T12:00:00Z");
const dayMs = 24 * 60 * 60 * 1000;
const all = [...planeLeaves, kubeletLeaf];

function viewWith(certificates: Readonly<Record<string, string>> | undefined): HostView {
  const facts = blankFacts({ name: "cp1" });
  const kubernetes = { ...facts.kubernetes, ...(certificates && { certificates }) };
  return blankView("controlPlane", { facts: { ...facts, kubernetes } });
}

function endingIn(days: number): Record<string, string> {
  return Object.fromEntries(all.map(({ path }) => [path, new Date(now + days * dayMs).toISOString()]));
}

describe("dueLeaves", () => {
  const cases = [
    { title: "none that is fresh", days: 300, due: 0 },
    { title: "none that has 61 days", days: 61, due: 0 },
    {
      title: "all but the kubelet's, which renews itself, in their last 60 days",
      days: 59,
      due: all.length - 1,
    },
    { title: "all that have ended", days: -1, due: all.length },
  ];
  for (const { title, days, due } of cases) {
    it(`names ${title}`, () => {
      assert.equal(dueLeaves(viewWith(endingIn(days)), all, now).length, due);
    });
  }

  it("names what is missing or unreadable, unless a control plane can do without", () => {
    const absent = new Set(["super-admin", "admin", "kubelet"]);
    const present = all.filter(({ name }) => !absent.has(name));
    const certificates = Object.fromEntries(
      present.map(({ name, path }) => [path, name === "etcd-peer" ? "" : (endingIn(300)[path] ?? "")]),
    );

    const due = dueLeaves(viewWith(certificates), all, now);

    assert.equal(describeDue(due), "etcd-peer (unreadable), admin (missing)");
  });

  it("says nothing of a host that was not asked", () => {
    assert.deepEqual(dueLeaves(viewWith(undefined), all, now), []);
  });

  it("never forgets a certificate as time goes on", () => {
    const days = fc.integer({ min: -400, max: 400 });
    fc.assert(
      fc.property(days, fc.nat(400), (left, later) => {
        const view = viewWith(endingIn(left));
        const namesAt = (time: number): readonly string[] =>
          dueLeaves(view, all, time).map(({ leaf }) => leaf.name);
        const after = namesAt(now + later * dayMs);
        assert.ok(namesAt(now).every((name) => after.includes(name)));
      }),
    );
  });
});
