import assert from "node:assert/strict";
import { firewall } from "../../../bootstrap/phases/firewall.ts";
import type { FirewallFacts, HostFacts } from "../../../clusters/facts.ts";
import type { Cluster } from "../../../clusters/cluster.ts";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { blankView, cluster } from "../../support/bootstrap.ts";
import { FakeRunner } from "../../support/fake-runner.ts";

const inOffice: Cluster = {
  ...cluster,
  network: { ...cluster.network, nodeAddresses: { cidr: "10.0.0.0/24" } },
};
const ufw: FirewallFacts = { manager: "ufw", open: { "": ["tcp 22"] }, zones: {} };
const firewalld: FirewallFacts = {
  manager: "firewalld",
  open: { internal: ["tcp 10250 from 10.0.0.0/24"] },
  zones: { eth0: "internal", "": "public" },
};
const eth0 = { interface: "eth0", address: "10.0.0.11", prefixLength: 24, mtu: 1500 };

function factsWith(changes: FirewallFacts): HostFacts {
  return { ...blankFacts({ name: "cp1" }), firewall: changes, addresses: [eth0] };
}

async function scriptFor(changes: FirewallFacts): Promise<string> {
  const runner = new FakeRunner("cp1", [["sh -s", ""]]);
  const [change] = firewall.plan(blankView("controlPlane", { facts: factsWith(changes), cluster: inOffice }));
  await change?.work({ runner, signal: new AbortController().signal, log: () => undefined });
  return runner.ran[0]?.stdin ?? "";
}

describe("the firewall phase", () => {
  it("leaves a host without a firewall alone", () => {
    assert.deepEqual(firewall.plan(blankView("controlPlane")), []);
  });

  it("opens the API to everybody and the rest to nodes and pods, with ufw", async () => {
    const lines = (await scriptFor(ufw)).split("\n");

    assert.deepEqual(
      lines.filter((line) => line.startsWith("ufw")),
      [
        "ufw allow proto tcp from any to any port 6443 comment keelson >/dev/null",
        "ufw allow proto tcp from 10.0.0.0/24 to any port 2379:2380 comment keelson >/dev/null",
        "ufw allow proto tcp from 10.0.0.0/24 to any port 10250 comment keelson >/dev/null",
        "ufw allow proto udp from 10.0.0.0/24 to any port 8472 comment keelson >/dev/null",
        "ufw allow from 10.244.0.0/16 comment keelson >/dev/null",
      ],
    );
  });

  it("notes how to take every rule back before it is made", async () => {
    const lines = (await scriptFor(ufw)).split("\n");

    const noted = lines.indexOf("echo 'ufw delete allow from 10.244.0.0/16' >>/etc/keelson/firewall-undo");
    assert.equal(noted + 1, lines.indexOf("ufw allow from 10.244.0.0/16 comment keelson >/dev/null"));
  });

  it("opens what is missing in the zone of the node address, now and for good, with firewalld", async () => {
    const lines = (await scriptFor(firewalld)).split("\n");

    const api = lines.filter((line) => /^firewall-cmd .*6443/.test(line));
    assert.deepEqual(api, [
      "firewall-cmd --quiet --zone=internal --add-port=6443/tcp >/dev/null",
      "firewall-cmd --quiet --permanent --zone=internal --add-port=6443/tcp >/dev/null",
    ]);
    assert.ok(!lines.some((line) => line.includes("10250")));
    assert.ok(
      lines.includes("firewall-cmd --quiet --permanent --zone=trusted --add-source=10.244.0.0/16 >/dev/null"),
    );
  });

  it("takes a rule of the administrator's that lets in more for enough", () => {
    const open = ["tcp 6443", "any 2379-2380", "tcp 10250", "udp 8472", "any from 10.244.0.0/16"];
    const facts = factsWith({ ...ufw, open: { "": open } });

    assert.deepEqual(firewall.plan(blankView("controlPlane", { facts, cluster: inOffice })), []);
  });
});
