import assert from "node:assert/strict";
import { afterReset } from "../../bootstrap/facts/after-reset.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";

const on = { active: true, enabled: true, stale: false };
const listening = [
  { port: 7443, process: "haproxy" },
  { port: 22, process: "sshd" },
];

describe("the facts of a host after its reset", () => {
  it("have no port taken by the API's balancer, which goes with the cluster", () => {
    const facts = { ...blankFacts({ name: "w1" }), listening, units: { "keelson-balancer.service": on } };
    assert.deepEqual(afterReset(facts).listening, [{ port: 22, process: "sshd" }]);
  });

  it("keep the ports of others, a balancer of the host's own among them", () => {
    const facts = { ...blankFacts({ name: "w1" }), listening };
    assert.deepEqual(afterReset(facts).listening, listening);
  });
});
