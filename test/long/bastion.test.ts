import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { localMachines } from "../../machines/index.ts";
import type { Machine } from "../../machines/driver.ts";
import { SshPool } from "../../remote/pool.ts";
import type { Runner } from "../../remote/runner.ts";
import { waitFor } from "../../remote/wait.ts";
import type { BareMetalHost } from "../../stacks/components/bare-metal-cluster.ts";
import type { Settings } from "../e2e/programs/behind-bastion/index.ts";
import { succeed } from "../support/command.ts";
import { Evidence } from "../support/evidence.ts";
import { onMachine } from "../support/on-machine.ts";
import type { CommandResult } from "../support/pulumi-cli.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { makeKey } from "../support/ssh-server.ts";

const project = "behind-bastion";
const fleet = "inner";
const bastionPort = 2222;
const appPort = 30080;
const gatekeeper = makeKey();

type Name = "jump" | "cp1" | "w1" | "w2";

/** A bastion as people have them: a user, a port and a key of its own, and nothing that could be run there. */
const bastionSetup = `set -e
useradd --create-home --shell /usr/sbin/nologin gate
install -d -o gate -g gate -m 700 /home/gate/.ssh
cat >/home/gate/.ssh/authorized_keys
chown gate: /home/gate/.ssh/authorized_keys
cat >/etc/ssh/sshd_config.d/bastion.conf <<END
Port 22
Port ${String(bastionPort)}
Match LocalPort ${String(bastionPort)}
  AllowUsers gate
  ForceCommand /bin/false
  PermitTTY no
END
systemctl restart ssh
apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install curl >/dev/null`;

/**
 * Lets nobody on this computer begin a connection to the machine. The rules are the machine's own: they go with it,
 * however the test ends. What the machine asks of its fleet's mirror is answered all the same.
 */
const hidden = (computer: string): string => `set -e
apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install nftables >/dev/null
nft add table inet hidden
nft add chain inet hidden input '{ type filter hook input priority -150; policy accept; }'
nft add rule inet hidden input ip saddr ${computer} ct state new drop`;

describe("a cluster of which only the bastion is routable", function () {
  this.timeout(900_000);
  const machines = new Map<Name, Machine>();
  const pool = new SshPool();
  let evidence: Evidence;

  before(async function () {
    skipWithoutLocalMachines(this);
    evidence = await Evidence.open(project);
    const names: readonly Name[] = ["jump", "cp1", "w1", "w2"];
    await Promise.all(
      names.map(async (name) => {
        machines.set(name, await localMachines().create({ fleet, name: `${fleet}-${name}` }));
      }),
    );
    await jump().run(bastionSetup, { stdin: `${gatekeeper.publicKey}\n` });
    const computer = new URL(machine("cp1").mirror).hostname;
    for (const name of ["cp1", "w1", "w2"] as const) await onMachine(machine(name).name, hidden(computer));
  });

  after(async () => {
    await pool.close();
    await evidence.close();
    for (const name of await localMachines().list(fleet)) await localMachines().destroy(name);
    await rm(join(import.meta.dirname, "../e2e/programs", project, "Pulumi.test.yaml"), { force: true });
  });

  it("has hosts that this computer cannot reach", async () => {
    for (const name of ["cp1", "w1", "w2"] as const)
      assert.equal(await answers(machine(name).address, 22), false);
    assert.equal(await answers(machine("jump").address, bastionPort), true);
  });

  it("previews every step, through the bastion alone", async () => {
    const { output } = succeed(await evidence.run(["preview"], settings("hello", "w1")));

    assert.match(output, /cp1: .*initialize the control plane/);
    assert.match(output, /w1: .*join the cluster with kubeadm/);
  });

  it("comes up with its app", async () => {
    succeed(await up(settings("hello", "w1")));

    assert.equal(await answers(machine("cp1").address, 6443), false);
    assert.match(await greetingOf("w1"), /hello/);
  });

  it("is found unchanged by a preview, a refresh and an up", async () => {
    succeed(await evidence.run(["preview", "--expect-no-changes"], settings("hello", "w1")));
    succeed(await evidence.run(["refresh", "--yes", "--expect-no-changes"], settings("hello", "w1")));
    const { output } = succeed(await up(settings("hello", "w1")));

    assert.doesNotMatch(output, /\d+ (updated|created|deleted|replaced)/);
  });

  it("gets a worker and a new app, one resource at a time", async () => {
    succeed(await up(settings("good evening", "w1", "w2"), "--parallel", "1"));

    assert.match(await greetingOf("w2"), /good evening/);
  });

  it("goes, one resource at a time", async () => {
    succeed(await destroy("--parallel", "1"));
  });

  it("comes up from nothing and goes again, one resource at a time", async () => {
    succeed(await up(settings("hello again", "w1"), "--parallel", "1"));
    assert.match(await greetingOf("w1"), /hello again/);
    succeed(await destroy());
  });

  it("was reached by nobody but the bastion, which ran nothing and dropped no login", async () => {
    const since = "journalctl --sync; journalctl --no-pager -o cat -u ssh";
    const outside = await jump().run(since);
    const inside = await inner("cp1").run(since);
    const from = [...inside.stdout.matchAll(/^Accepted .* from (\S+) port/gm)].map(([, address]) => address);

    // The test's own login, before the host was hidden, came from this computer.
    const others = from.filter((address) => address !== machine("jump").address);
    assert.ok(others.length <= 2 && from.length > 2, from.join(" "));
    assert.match(outside.stdout, /^Accepted publickey for gate from/m);
    // Who only asks whether the port is open leaves before the greeting, this test first of all.
    assert.doesNotMatch(
      outside.stdout,
      /MaxStartups|drop connection|Failed|error: (?!kex_exchange_identification)/,
    );
  });

  const up = (wanted: Settings, ...more: string[]): Promise<CommandResult> =>
    evidence.run(["up", "--yes", "--skip-preview", ...more], wanted);
  const destroy = (...more: string[]): Promise<CommandResult> =>
    evidence.run(["destroy", "--yes", "--skip-preview", ...more], settings("goodbye", "w1"));

  function machine(name: Name): Machine {
    const found = machines.get(name);
    if (found === undefined) throw new Error(`There is no machine ${name}`);
    return found;
  }

  function jump(): Runner {
    const { address, privateKey, hostKey } = machine("jump");
    return pool.get("jump", { address, privateKey, hostKey });
  }

  function declared(name: Name): BareMetalHost {
    const { address, privateKey, hostKey, mirror } = machine(name);
    const bastion = {
      address: machine("jump").address,
      port: bastionPort,
      user: "gate",
      privateKey: gatekeeper.privateKey,
      hostKey: machine("jump").hostKey,
    };
    return { address, mirror, ssh: { privateKey, hostKey, bastion } };
  }

  function inner(name: Name): Runner {
    const { address, ssh } = declared(name);
    return pool.get(name, { address, ...ssh } as Parameters<SshPool["get"]>[1]);
  }

  function settings(greeting: string, ...workers: readonly Name[]): Settings {
    const pools = { general: { hosts: Object.fromEntries(workers.map((name) => [name, declared(name)])) } };
    return { greeting, cluster: { controlPlane: { hosts: { cp1: declared("cp1") } }, pools } };
  }

  /** What the app says at a node's port, asked from the bastion's network. */
  function greetingOf(name: Name): Promise<string> {
    const url = `http://${machine(name).address}:${String(appPort)}/`;
    return waitFor({
      what: `the app to answer at ${url}`,
      deadlineMs: 60_000,
      probe: async () => {
        const { stdout } = await jump().run(`curl -sS --max-time 3 ${url}`, { okCodes: [0, 7, 28, 52, 56] });
        return stdout === "" ? undefined : stdout;
      },
    });
  }
});

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1500 });
    const end = (result: boolean) => (): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", end(true)).once("timeout", end(false)).once("error", end(false));
  });
}
