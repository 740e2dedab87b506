import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseFacts } from "../../bootstrap/facts/parse.ts";
import { judgeHost } from "../../bootstrap/judge.ts";
import { firewall } from "../../bootstrap/phases/firewall.ts";
import { firstBoot } from "../../bootstrap/phases/first-boot.ts";
import { kernel } from "../../bootstrap/phases/kernel.ts";
import { kubelet, kubeletPatch, kubeletPatches } from "../../bootstrap/phases/kubelet.ts";
import { needrestart, packages } from "../../bootstrap/phases/packages.ts";
import { swap } from "../../bootstrap/phases/swap.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import { blankView, clusterHost, cluster, identity } from "../support/bootstrap.ts";
import { assertGolden } from "../support/golden.ts";

/** What the facts script prints on a server of each distribution, installed as its makers propose. */
const distributions = {
  "debian-12": ["debian", "apt"],
  "debian-13": ["debian", "apt"],
  "ubuntu-22.04": ["debian", "apt"],
  "ubuntu-24.04": ["debian", "apt"],
  "rocky-9": ["redhat", "dnf"],
  "alma-9": ["redhat", "dnf"],
  "opensuse-leap-15.6": ["suse", "zypper"],
  "opensuse-tumbleweed": ["suse", "zypper"],
} as const;

function factsOf(distribution: string): HostFacts {
  const file = new URL(`../golden/hosts/${distribution}.facts`, import.meta.url);
  const output = readFileSync(file, "utf8").replace(/^=== /gm, "\u001e");
  return parseFacts(output, 1_763_720_000_123);
}

/** The phases that depend on what a host is. */
const preparation = [firstBoot, packages, needrestart, kernel, swap, firewall, kubelet, kubeletPatches];

describe("a host of a distribution", () => {
  for (const [name, [family, manager]] of Object.entries(distributions)) {
    it(`is known as ${name}, with its package manager`, () => {
      const facts = factsOf(name);

      assert.equal(facts.os.family, family);
      assert.equal(facts.packages.manager, manager);
      const host = { ...clusterHost("controlPlane"), nodeAddress: "10.0.0.11" };
      const judged = { cluster, clusterId: identity.clusterId, caSha256: undefined, host, facts };
      assert.deepEqual(judgeHost(judged), []);
    });

    it(`is prepared as its golden plan says: ${name}`, () => {
      const facts = factsOf(name);
      const intents = (role: "controlPlane" | "worker"): readonly string[] => {
        const view = blankView(role, { facts, host: { ...clusterHost(role), nodeAddress: "10.0.0.11" } });
        return preparation.flatMap((phase) => phase.plan(view).map(({ intent }) => `  ${intent}`));
      };

      const patch = kubeletPatch(facts) ?? "none\n";
      const lines = ["control plane:", ...intents("controlPlane"), "worker:", ...intents("worker")];
      assertGolden(`hosts/${name}.plan`, `${lines.join("\n")}\nkubelet's own settings: ${patch}`);
    });
  }
});
