import assert from "node:assert/strict";
import { firewall } from "../../../bootstrap/phases/firewall.ts";
import type { FirewallFacts, HostFacts } from "../../../clusters/facts.ts";
import type { Cluster } from "../../../clusters/cluster.ts";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { parseFirewall } from "../../../bootstrap/facts/firewall.ts";
import { readSections } from "../../../bootstrap/facts/sections.ts";
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

const withVip: Cluster = { ...inOffice, endpoint: { mode: "vip", host: "10.0.0.100", port: 6443 } };

async function scriptFor(changes: FirewallFacts, wanted = inOffice): Promise<string> {
  const runner = new FakeRunner("cp1", [["sh -s", ""]]);
  const [change] = firewall.plan(blankView("controlPlane", { facts: factsWith(changes), cluster: wanted }));
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

  describe("of a cluster with a virtual address", () => {
    const known = ["tcp 6443", "tcp 2379-2380", "tcp 10250", "udp 8472", "any from 10.244.0.0/16"];

    it("opens VRRP between nodes on control-plane hosts, with ufw", async () => {
      const script = await scriptFor({ ...ufw, open: { "": known } }, withVip);

      assert.match(script, /^ufw allow proto vrrp from 10\.0\.0\.0\/24 comment keelson >/m);
      assert.match(script, /^echo 'ufw delete allow proto vrrp from 10\.0\.0\.0\/24' >>/m);
      const [opened] = blankPlan("worker", { ...ufw, open: { "": ["tcp 22"] } });
      assert.doesNotMatch(opened?.intent ?? "vrrp", /vrrp/);
    });

    it("opens VRRP in the zone of the node address, with firewalld", async () => {
      const lines = (await scriptFor(firewalld, withVip)).split("\n");

      const rule = `rule family="ipv4" source address="10.0.0.0/24" protocol value="vrrp" accept`;
      assert.ok(
        lines.includes(
          `firewall-cmd --quiet --permanent --zone=internal --add-'rich-rule=${rule}' >/dev/null`,
        ),
        lines.join("\n"),
      );
    });

    for (const [said, manager, section] of [
      ["ufw's own rule", "ufw", "allow vrrp any 0.0.0.0/0 any 10.0.0.0/24 in"],
      ["a rule for everybody", "ufw", "allow vrrp any 0.0.0.0/0 any 0.0.0.0/0 in"],
      [
        "firewalld's rich rule",
        "firewalld",
        `<rule family="ipv4"><source address="10.0.0.0/24"/><protocol value="vrrp"/><accept/></rule>`,
      ],
      ["firewalld's protocol", "firewalld", `<protocol value="vrrp"/>`],
    ] as const) {
      it(`finds it open by ${said}`, () => {
        const seen = parsed(manager, section);
        const zone = manager === "ufw" ? "" : "internal";
        const open = { ...seen.open, trusted: known, [zone]: [...known, ...(seen.open[zone] ?? [])] };

        assert.deepEqual(blankPlan("controlPlane", { ...seen, open }), []);
        assert.equal(
          blankPlan("controlPlane", { ...seen, open: { trusted: known, [zone]: known } }).length,
          1,
        );
      });
    }

    function blankPlan(
      role: "controlPlane" | "worker",
      seen: FirewallFacts,
    ): ReturnType<typeof firewall.plan> {
      return firewall.plan(blankView(role, { facts: factsWith(seen), cluster: withVip }));
    }
  });
});

/** What a look says about a firewall with one rule. */
function parsed(manager: "ufw" | "firewalld", rule: string): FirewallFacts {
  const said =
    manager === "ufw"
      ? `active\n### tuple ### ${rule}`
      : [
          "active",
          's "public"',
          'a{sa{sas}} 1 "internal" 1 "interfaces" 1 "eth0"',
          "zone /etc/firewalld/zones/internal.xml",
          `<zone>${rule}</zone>`,
        ].join("\n");
  return parseFirewall(readSections(`\u001e${manager}\n${said}\n\u001eend\n`));
}
