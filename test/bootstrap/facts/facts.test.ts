import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { parseFacts } from "../../../bootstrap/facts/parse.ts";
import { factsScript } from "../../../bootstrap/facts/script.ts";
import { sha256 } from "../../../bootstrap/view.ts";
import { testCertificate } from "../../stacks/provider/support/fake-world.ts";

describe("factsScript", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-facts-"));
  const file = join(folder, "it's a file");
  writeFileSync(file, "content", { mode: 0o640 });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("reads this computer with a plain shell", () => {
    const script = factsScript({ files: [file, join(folder, "none")], units: {}, traces: true });
    const { stdout, stderr } = spawnSync("sh", ["-s"], { input: script, encoding: "utf8" });
    const facts = parseFacts(stdout, Date.now());
    assert.equal(stderr, "");
    assert.equal(facts.hostname, hostname());
    assert.deepEqual(facts.files, { [file]: { sha256: sha256("content"), mode: "640" } });
    assert.ok(facts.cpus > 0 && facts.memoryMiB > 0);
    assert.ok(Math.abs(facts.clockOffsetMs) < 60_000);
  });

  it("measures a disk only when it is asked to, and leaves nothing behind", () => {
    const script = factsScript({ files: [], units: {}, syncLatency: true });
    const { stdout } = spawnSync("sh", ["-s"], { input: script, encoding: "utf8" });
    const isBlank = !existsSync("/etc/kubernetes/kubelet.conf") && !existsSync("/var/lib/etcd/member");
    const mayWrite = process.getuid?.() === 0 && isBlank;
    assert.equal(parseFacts(stdout, Date.now()).syncMs !== undefined, mayWrite);
    assert.ok(!existsSync("/var/lib/.keelson-sync-latency"));
  });

  describe("of a kubelet", () => {
    const etc = join(folder, "etc/kubernetes");
    const pki = join(folder, "var/lib/kubelet/pki");
    const hasCredentials = (): boolean => {
      const script = factsScript({ files: [], units: {} });
      const here = script.replaceAll(/ \/(etc\/kubernetes|var\/lib\/kubelet\/pki)\//g, ` ${folder}/$1/`);
      const { stdout } = spawnSync("sh", ["-s"], { input: here, encoding: "utf8" });
      return parseFacts(stdout.replaceAll(folder, ""), Date.now()).kubernetes.kubeletConf;
    };
    before(() => {
      mkdirSync(etc, { recursive: true });
      mkdirSync(pki, { recursive: true });
    });

    it("takes a kubeconfig for credentials only when the certificate that it names is there", () => {
      assert.ok(!hasCredentials());
      writeFileSync(join(etc, "kubelet.conf"), "    client-certificate: /var/lib/kubelet/pki/x.pem\n");
      assert.ok(!hasCredentials());
      writeFileSync(join(pki, "kubelet-client-current.pem"), "");
      assert.ok(hasCredentials());
    });

    it("takes a kubeconfig that holds its certificate for credentials", () => {
      rmSync(join(pki, "kubelet-client-current.pem"));
      writeFileSync(join(etc, "kubelet.conf"), "    client-certificate-data: eA==\n");
      assert.ok(hasCredentials());
    });
  });

  it("refuses output that was cut off", () => {
    assert.throws(() => parseFacts("\u001eclock\n1.0\n\u001ehostn", 0), { code: "KEELSON_COMMAND_FAILED" });
  });
});

describe("parseFacts", () => {
  const parse = (sections: Record<string, string>): ReturnType<typeof parseFacts> =>
    parseFacts(
      `${Object.entries(sections)
        .map(([name, text]) => `\u001e${name}\n${text}\n`)
        .join("")}\u001eend\n`,
      0,
    );

  it("reads addresses with their interfaces' packet sizes, and no link-local ones", () => {
    const facts = parse({
      links: "2: eth0@if9: <UP> mtu 1450 qdisc noqueue\n3: wg0: <UP> mtu 1420 qdisc",
      addresses:
        "2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0\\ valid_lft forever\n2: eth0    inet6 fe80::1/64 scope link \\",
    });
    assert.deepEqual(facts.addresses, [
      { interface: "eth0", address: "10.0.0.5", prefixLength: 24, mtu: 1450 },
    ]);
  });

  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  it("reads when certificates end, and notices one that was cut off", () => {
    const facts = parse({
      certificates: `/etc/kubernetes/pki/etcd/peer.crt\n${testCertificate}`,
      kubeconfigs: [
        "/etc/kubernetes/admin.conf:",
        `/etc/kubernetes/admin.conf:    client-certificate-data: ${base64(testCertificate.slice(0, 300))}`,
        "/etc/kubernetes/scheduler.conf:",
        "/etc/kubernetes/controller-manager.conf:",
        `/etc/kubernetes/controller-manager.conf:    client-certificate-data: ${base64(testCertificate)}`,
      ].join("\n"),
    });
    assert.deepEqual(facts.kubernetes.certificates, {
      "/etc/kubernetes/pki/etcd/peer.crt": "2126-10-28T04:24:41.000Z",
      "/etc/kubernetes/admin.conf": "",
      "/etc/kubernetes/controller-manager.conf": "2126-10-28T04:24:41.000Z",
      "/etc/kubernetes/scheduler.conf": "",
    });
  });

  it("tells modules from what is built in and from what is missing", () => {
    const facts = parse({
      modules: "overlay loaded\nbr_netfilter loadable",
      symbols: " vxlan_rcv",
      filesystems: "nodev\toverlay",
    });
    assert.deepEqual(facts.kernelFeatures, {
      overlay: "loaded",
      br_netfilter: "loadable",
      vxlan: "builtin",
      nf_tables: "missing",
      nf_conntrack: "missing",
      ip_set: "missing",
    });
  });

  it("finds swap that is on and swap that will be on", () => {
    const facts = parse({
      swaps: "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2",
      fstab: "# /dev/sdb none swap sw 0 0\nUUID=1 none  swap sw 0 0\n/dev/sda1 / ext4 defaults 0 1",
    });
    assert.deepEqual(facts.swap, { active: ["/dev/sda2"], configured: ["UUID=1 none  swap sw 0 0"] });
  });

  it("finds swap that units and services switch on, each once", () => {
    const facts = parse({ swapUnits: "dev-zram0.swap\nzramswap.service\ndev-zram0.swap" });
    assert.deepEqual(facts.swap.configured, ["dev-zram0.swap", "zramswap.service"]);
  });

  it("takes the slowest percent of the measured writes", () => {
    const times = Array.from({ length: 100 }, (_, index) => String((index + 1) / 10_000));
    assert.equal(parse({ sync: times.join("\n") }).syncMs, 9.9);
    assert.equal(parse({ sync: "" }).syncMs, undefined);
  });

  it("knows that cloud-init runs while it says so", () => {
    assert.equal(parse({ firstBoot: "status: running\nboot_status_code: enabled" }).firstBoot, true);
    assert.equal(parse({ firstBoot: "status: not started" }).firstBoot, true);
    assert.equal(parse({ firstBoot: "status: error" }).firstBoot, false);
    assert.equal(parse({ firstBoot: "" }).firstBoot, false);
  });

  it("finds a unit stale when one of its files is newer than its start", () => {
    const unit = (changed: string): boolean | undefined =>
      parse({
        clocks: "2000.0 100.0",
        units:
          "MainPID=0\nId=containerd.service\nActiveState=inactive\n\nMainPID=7\nId=kubelet.service\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no",
        processes: `7 (a) b) S ${"0 ".repeat(18)}5000 9 9`,
        unitFiles: "containerd.service\nkubelet.service /etc/one.conf /etc/none.conf",
        changes: `${changed} /etc/one.conf`,
      }).units["kubelet.service"]?.stale;
    assert.equal(unit("1949.9"), false);
    assert.equal(unit("1950.1"), true);
  });

  it("reads the effective capabilities", () => {
    assert.equal(parse({ capabilities: "CapEff:\t000001ffffffffff" }).canRaiseLimits, true);
    assert.equal(parse({ capabilities: "CapEff:\t000001fffeffffff" }).canRaiseLimits, false);
  });

  it("takes an unreadable owner token for somebody's", () => {
    assert.equal(parse({ owner: '{"clusterId": "edge-' }).owner?.clusterId, "unreadable");
    assert.equal(parse({ owner: "" }).owner, undefined);
  });
});
