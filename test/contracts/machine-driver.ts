import assert from "node:assert/strict";
import { KeelsonError } from "../../errors.ts";
import type { Machine, MachineDriver } from "../../machines/driver.ts";
import { sshTo, type Ssh } from "../support/system-ssh.ts";

/** What every driver of local machines does, in the life of two machines. Call it inside a `describe`. */
export function machineDriverContract(make: () => MachineDriver): void {
  const fleet = "contract";
  const names = ["contract-1", "contract-2"] as const;
  let driver: MachineDriver;
  let machines: readonly Machine[] = [];
  const machine = (index = 0): Machine => {
    const found = machines[index];
    assert.ok(found);
    return found;
  };
  const ssh: Ssh = async (command, options) => await sshTo(machine(), command, options);
  const bootOf = async (): Promise<string> => await ssh("cat /proc/sys/kernel/random/boot_id");

  before(() => {
    driver = make();
  });

  after(async () => {
    for (const name of names) await driver.destroy(name);
  });

  it("finds what it needs on this computer", async () => {
    assert.deepEqual(await driver.check(), []);
  });

  it("knows no machine before it made one", async () => {
    assert.equal(await driver.inspect(names[0]), undefined);
    assert.deepEqual(await driver.list(fleet), []);
  });

  it("refuses a name that is no host name", async () => {
    await assert.rejects(driver.create({ fleet, name: "Not_a_label" }), isError("KEELSON_INVALID_INPUT"));
  });

  it("makes two machines at once", async () => {
    machines = await Promise.all(names.map(async (name) => await driver.create({ fleet, name })));

    assert.deepEqual(await driver.list(fleet), names);
    assert.notEqual(machine(0).address, machine(1).address);
    assert.notEqual(machine(0).hostKey, machine(1).hostKey);
    assert.equal(machine(0).mirror, machine(1).mirror);
  });

  it("lets the fleet's key in, and shows the host key that it named", async () => {
    assert.equal(await ssh("id -un; hostname"), "root\ncontract-1\n");
  });

  it("lets nobody in without the key", async () => {
    await assert.rejects(ssh("true", { key: "none" }), /Permission denied \(publickey\)/);
  });

  it("has an init that is content and nothing of Kubernetes", async () => {
    assert.equal(await ssh("systemctl is-system-running --wait"), "running\n");
    const found = await ssh(
      "for name in containerd runc docker kubelet kubeadm kubectl etcd iptables nft conntrack; do command -v $name; done; true",
    );
    assert.equal(found, "");
  });

  it("installs packages from the fleet's mirror", async () => {
    await ssh("apt-get -qq update && apt-get -qq -y install conntrack ethtool >/dev/null 2>&1");

    assert.match(await ssh("conntrack --version; cat /etc/apt/sources.list"), /^conntrack v/);
    assert.ok((await ssh("cat /etc/apt/sources.list")).includes(`${machine().mirror}/apt`));
  });

  it("lets machines reach each other and the default route", async () => {
    const { address, port } = machine(1);
    const greeting = await ssh(
      `timeout 5 bash -c 'read -r line </dev/tcp/${address}/${String(port)}; echo "$line"'`,
    );

    assert.match(greeting, /^SSH-2\.0-/);
    assert.match(await ssh("ip route show default"), /^default via /);
  });

  it("lets the machine do what a node does: mounts, sysctls, cgroups, links, the kernel log", async () => {
    const script = [
      "set -e",
      "mkdir -p /tmp/lower /tmp/both && mount --bind /tmp/lower /tmp/both && umount /tmp/both",
      "echo 1 >/proc/sys/net/ipv4/ip_forward",
      "ip link add probe type bridge && ip link delete probe",
      "test -w /dev/kmsg",
      "unshare --mount --pid --fork --net true",
      "systemd-run --quiet --wait --slice=probe.slice -p MemoryMax=64M true",
      "findmnt --noheadings --output PROPAGATION /",
    ];
    assert.match(await ssh(script.join("\n")), /shared/);
  });

  it("keeps databases and images on a real file system", async () => {
    const types = await ssh("stat -f -c %T /var/lib/etcd /var/lib/containerd /var/lib/kubelet");

    assert.doesNotMatch(types, /overlay/);
  });

  it("changes nothing when the machine is there", async () => {
    const before = await bootOf();

    assert.deepEqual(await driver.create({ fleet, name: names[0] }), machine());
    assert.equal(await bootOf(), before);
  });

  it("refuses a name that another fleet has", async () => {
    await assert.rejects(
      driver.create({ fleet: "contract-other", name: names[0] }),
      isError("KEELSON_INVALID_INPUT"),
    );
    assert.deepEqual(await driver.list("contract-other"), []);
  });

  it("boots again on a reboot, with its files", async () => {
    const before = await bootOf();
    await ssh("echo kept >/root/file && echo data >/var/lib/etcd/file");

    await driver.reboot(names[0]);

    assert.notEqual(await bootOf(), before);
    assert.equal(await ssh("cat /root/file /var/lib/etcd/file"), "kept\ndata\n");
  });

  it("boots again when the machine itself wants to", async () => {
    const before = await bootOf();
    await ssh("systemctl reboot").catch(() => undefined);

    await driver.create({ fleet, name: names[0] });
    let now = before;
    while (now === before) now = await bootOf().catch(() => before);

    assert.equal((await driver.inspect(names[0]))?.status, "running");
  });

  it("stays off after the power was cut", async () => {
    await ssh("sync");

    await driver.powerOff(names[0]);
    await driver.powerOff(names[0]);

    assert.deepEqual(await driver.inspect(names[0]), { machine: machine(), status: "stopped" });
    assert.equal((await driver.inspect(names[1]))?.status, "running");
    await assert.rejects(ssh("true"), /255/);
    await assert.rejects(driver.reboot(names[0]), isError("KEELSON_MACHINE_FAILED"));
  });

  it("starts again with its address, its keys and its files", async () => {
    await driver.start(names[0]);

    assert.equal(await ssh("cat /root/file /var/lib/etcd/file"), "kept\ndata\n");
    assert.deepEqual(await driver.inspect(names[0]), { machine: machine(), status: "running" });
  });

  it("starts a stopped machine when it is asked to make it", async () => {
    await driver.powerOff(names[0]);

    assert.deepEqual(await driver.create({ fleet, name: names[0] }), machine());
    assert.equal(await ssh("cat /root/file"), "kept\n");
  });

  it("names a machine that it does not know", async () => {
    await assert.rejects(driver.start("contract-none"), /Cannot start machine "contract-none"/);
    await assert.rejects(driver.powerOff("contract-none"), isError("KEELSON_MACHINE_FAILED"));
  });

  it("removes a machine alone, then the last one, and is silent when it is gone", async () => {
    await driver.destroy(names[0]);
    assert.deepEqual(await driver.list(fleet), [names[1]]);
    assert.equal((await driver.inspect(names[1]))?.status, "running");

    await driver.destroy(names[1]);
    await driver.destroy(names[1]);

    assert.deepEqual(await driver.list(fleet), []);
    assert.equal(await driver.inspect(names[1]), undefined);
  });
}

function isError(code: string): (error: unknown) => boolean {
  return (error) => KeelsonError.is(error) && error.code === code;
}
