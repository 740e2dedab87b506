import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as bootstrap from "../../bootstrap/index.ts";
import type { Machine } from "../../machines/driver.ts";
import { SshPool } from "../../remote/pool.ts";
import { localFleet } from "../support/local-fleet.ts";
import type { LocalFleet } from "../support/local-fleet.ts";
import { onMachine } from "../support/on-machine.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const name = "hosts";
const network = await readFile(new URL("../support/pod-network.sh", import.meta.url), "utf8");

/** A second network between the two machines, with smaller packets, and a firewall that lets SSH in alone. */
function prepare(own: string, peer: string, index: number): string {
  return `set -e
ip link add eth1 type vxlan id 7 dstport 4790 local ${own} remote ${peer}
ip address add 172.29.0.${String(11 + index)}/24 dev eth1
ip link set eth1 up
apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install ufw >/dev/null
sed -i s/IPV6=yes/IPV6=no/ /etc/default/ufw
ufw logging off && ufw allow 22/tcp && ufw allow 4790/udp && ufw --force enable`;
}

/** As a new server is: it upgrades itself, is still being set up, and has swap in two ways. */
const firstBoot = `set -e
cat >/usr/local/bin/cloud-init <<'END'
#!/bin/sh
echo "status: running"
END
chmod +x /usr/local/bin/cloud-init
mkdir -p /run/cloud-init && touch /run/cloud-init/enabled
echo "Installing the agent" >/var/log/cloud-init-output.log
echo "/swapfile none swap sw 0 0" >>/etc/fstab
printf '[Swap]\\nWhat=/dev/zram0\\n' >/etc/systemd/system/dev-zram0.swap
cat >/run/first-upgrade.pl <<'END'
use Fcntl;
$0 = "unattended-upgr";
open F, ">", "/var/lib/dpkg/lock-frontend";
my $lock = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0);
fcntl(F, F_SETLK, $lock) or die;
sleep 3600;
END
systemd-run --quiet --unit=first-upgrade perl /run/first-upgrade.pl`;

describe("hosts as they are in real life", function () {
  this.timeout(600_000);
  let fleet: LocalFleet;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await localFleet(name, await bootstrap.createIdentity(name), async (spec, machines) => {
      const [first, second] = machines as [Machine, Machine];
      await onMachine(first.name, prepare(first.address, second.address, 0));
      await onMachine(second.name, prepare(second.address, first.address, 1));
      await onMachine(second.name, firstBoot);
      const pool = new SshPool();
      const several = { ...spec, network: { nodeAddresses: { cidr: "172.29.0.0/24" } } };
      const connections = Object.fromEntries(machines.map((machine) => [machine.name, machine]));
      try {
        const operation = { pool, signal: new AbortController().signal };
        return await bootstrap.findNodeAddresses(operation, several, connections);
      } finally {
        await pool.close();
      }
    });
  });

  after(() => fleet.close());

  it("waits for cloud-init and for apt's other user by name, and comes up through the hosts' firewalls", async () => {
    const heard: string[] = [];
    const releases: Promise<string>[] = [];
    const release = (line: string): void => {
      heard.push(line);
      if (line.includes("Installing the agent")) {
        releases.push(onMachine(fleet.worker.name, "touch /run/cloud-init/result.json"));
      }
      if (line.includes("held by unattended-upgr")) {
        releases.push(onMachine(fleet.worker.name, "systemctl stop first-upgrade"));
      }
    };
    const { operation, intents } = fleet.operation({
      log: (_, line) => {
        release(line);
      },
    });

    await fleet.apply(operation);

    await Promise.all(releases);
    assert.equal(releases.length, 2, heard.join("\n"));
    const ofWorker = intents.filter((intent) => intent.startsWith(fleet.worker.name)).join("\n");
    assert.match(ofWorker, /wait until cloud-init has set the host up/);
    assert.match(ofWorker, /wait until the package manager is free: unattended-upgr \(\d+\)/);
    assert.match(ofWorker, /turn swap off/);
    assert.match(ofWorker, /open in ufw: tcp 10250 from 172\.29\.0\.0\/24, udp 8472 from 172\.29\.0\.0\/24/);
  });

  it("uses the second network for nodes, and pods reach each other over it", async () => {
    const { stdout } = await fleet.runner(fleet.controlPlane).run("sh -s", { stdin: network });
    assert.equal(stdout, "between nodes: ok\nname: ok\nservice: ok\ndenied: ok\nrestored: ok\n");
    const nodes = await fleet
      .runner(fleet.controlPlane)
      .run("kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o wide --no-headers");
    assert.match(nodes.stdout, /172\.29\.0\.11/);
    assert.match(nodes.stdout, /172\.29\.0\.12/);
  });

  it("finds nothing to do the second time", async () => {
    const { operation } = fleet.operation();

    assert.deepEqual(await fleet.pending(operation), []);
  });

  it("gives firewall and swap back with the hosts", async () => {
    const { operation } = fleet.operation();
    const hosts = [fleet.controlPlane, fleet.worker];

    const { reset } = await bootstrap.resetHosts(operation, { clusterId: fleet.identity.clusterId, hosts });

    assert.deepEqual(
      reset,
      hosts.map((host) => host.name),
    );
    for (const { name: host } of hosts) {
      assert.equal(await onMachine(host, "ufw show added | grep -c '^ufw'"), "2\n");
    }
    assert.match(await onMachine(fleet.worker.name, "cat /etc/fstab"), /^\/swapfile none swap/m);
    assert.match(await onMachine(fleet.worker.name, "cat /etc/systemd/system/dev-zram0.swap"), /What=/);
  });

  it("measures the disk of a blank control-plane host", async () => {
    const { operation } = fleet.operation();
    const { clusterId } = fleet.identity;

    const facts = await bootstrap.inspectHosts(operation, {
      cluster: fleet.cluster,
      identity: { clusterId, caCertificate: fleet.identity.ca.certificate },
      hosts: [fleet.controlPlane],
      declared: [fleet.controlPlane, fleet.worker],
      known: {},
    });

    assert.ok((facts[fleet.controlPlane.name]?.syncMs ?? 0) > 0);
  });
});
