import assert from "node:assert/strict";
import { bridgeRules } from "../../../machines/nspawn/firewall.ts";

const open = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n";
const closed = "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-A FORWARD -j DOCKER-USER\n";
const input = ["INPUT", "-i", "kl1", "-j", "ACCEPT"];
const forward = ["FORWARD", "-i", "kl1", "-o", "kl1", "-j", "ACCEPT"];

describe("bridgeRules", () => {
  const rows = [
    ["no iptables", "", true, []],
    ["nothing is dropped", open, true, []],
    ["everything is dropped, frames of a bridge are not seen", closed, false, [input]],
    ["everything is dropped, frames of a bridge are seen", closed, true, [input, forward]],
  ] as const;
  for (const [name, listing, filtersBridges, rules] of rows) {
    it(`adds what is needed: ${name}`, () => {
      assert.deepEqual(bridgeRules(listing, filtersBridges, "kl1"), rules);
    });
  }
});
