import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loginsIn } from "../../bench/sshd-log.ts";
import { localMachines } from "../../machines/index.ts";
import type { Machine } from "../../machines/driver.ts";
import { ensureRootImage } from "../../machines/nspawn/root-image.ts";
import { Masker } from "../../remote/mask.ts";
import { SshPool } from "../../remote/pool.ts";
import { command } from "../../remote/quote.ts";
import type { Connection } from "../../remote/runner.ts";
import { waitFor } from "../../remote/wait.ts";
import { cacheDirectory } from "../../toolchain/settings.ts";
import { contractSecret, runnerContract, shellRunnerContract } from "../contracts/runner.ts";
import type { Subject } from "../contracts/runner.ts";
import { skipBecause } from "../support/skip.ts";
import { startRealSshd } from "../support/real-sshd.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";

const fleet = "remote";
const password = "it's a 'pass word'";

describe("a real host over SSH", function () {
  this.timeout(600_000);
  const machines = localMachines();
  const masker = new Masker();
  const pool = new SshPool({ masker, agent: "" });
  let target: Machine;
  let bastion: Machine;

  before(async function () {
    const problems = await machines.check();
    if (problems[0] !== undefined) skipBecause(this, problems[0].message);
    masker.add(contractSecret);
    target = await machines.create({ fleet, name: "remote-1" });
    bastion = await machines.create({ fleet, name: "remote-2" });
    await asRoot().run(
      [
        "id admin >/dev/null 2>&1 || useradd --create-home --shell /bin/sh admin",
        "install -d -o admin -g admin -m 700 ~admin/.ssh",
        "install -o admin -g admin -m 600 /root/.ssh/authorized_keys ~admin/.ssh/authorized_keys",
        "echo 'admin ALL=(ALL) ALL' > /etc/sudoers.d/admin",
        "chpasswd",
      ].join("\n"),
      { stdin: `admin:${password}\n` },
    );
  });

  after(async () => {
    await pool.close();
    for (const name of await machines.list(fleet)) await machines.destroy(name);
  });

  const connection = (machine: Machine, changes: Partial<Connection> = {}): Connection => {
    const { address, port, user, privateKey, hostKey } = machine;
    return { address, port, user, privateKey, hostKey, ...changes };
  };
  const asRoot = (): Subject["runner"] => pool.get("remote-1", connection(target));
  const asAdmin = (changes: Partial<Connection> = {}): Subject["runner"] =>
    pool.get("remote-1", connection(target, { user: "admin", sudoPassword: password, ...changes }));
  const subject = async (runner: Subject["runner"]): Promise<Subject> => {
    const folder = (await runner.run("mktemp -d")).stdout.trim();
    return { runner, folder, end: () => runner.run(command`rm -rf ${folder}`).then(() => undefined) };
  };

  describe("as root", () => {
    runnerContract(() => subject(asRoot()));
    shellRunnerContract(() => subject(asRoot()));
  });

  describe("with sudo and a password", () => {
    runnerContract(() => subject(asAdmin()));
    shellRunnerContract(() => subject(asAdmin()));

    it("is root", async () => {
      assert.equal((await asAdmin().run("id -u")).stdout, "0\n");
      assert.equal((await asAdmin().run("id -un", { sudo: false })).stdout, "admin\n");
    });

    it("fails by name with another password", async () => {
      await assert.rejects(asAdmin({ sudoPassword: "wrong" }).run("true"), {
        code: "KEELSON_HOST_SUDO_FAILED",
        message: "Cannot become root on remote-1: sudo refused the password",
      });
    });

    it("fails by name without one", async () => {
      const without = connection(target, { user: "admin" });
      await assert.rejects(pool.get("remote-1", without).run("true"), { code: "KEELSON_HOST_SUDO_FAILED" });
    });

    it("never shows the password on the host", async () => {
      const { stdout } = await asAdmin().run(
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'",
      );
      assert.ok(!stdout.includes(password));
    });
  });

  describe("with a sudo that insists on a terminal", () => {
    before(() => asRoot().run("echo 'Defaults requiretty' > /etc/sudoers.d/terminal"));
    after(() => asRoot().run("rm /etc/sudoers.d/terminal"));

    // Another way to write its key, so that the pool does not remember how another connection becomes root.
    const insistent = (): Subject["runner"] => asAdmin({ hostKey: `${target.hostKey}\n` });
    runnerContract(() => subject(insistent()));
    shellRunnerContract(() => subject(insistent()));
  });

  it("is opened by a certificate of an authority that it trusts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keelson-certificate-"));
    const keygen = (...options: string[]): string =>
      execFileSync("ssh-keygen", ["-q", ...options]).toString();
    for (const name of ["ca", "user"]) keygen("-t", "ed25519", "-N", "", "-f", join(folder, name));
    keygen("-s", join(folder, "ca"), "-I", "test", "-n", "root", "-V", "+1h", join(folder, "user.pub"));
    const text = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
    const [privateKey, certificate, authority] = await Promise.all(
      ["user", "user-cert.pub", "ca.pub"].map(text),
    );
    await rm(folder, { recursive: true });
    assert.ok(privateKey !== undefined && certificate !== undefined && authority !== undefined);
    await asRoot().write("/etc/ssh/users.pub", authority);
    await asRoot().run(
      "echo 'TrustedUserCAKeys /etc/ssh/users.pub' > /etc/ssh/sshd_config.d/users.conf && systemctl reload ssh",
    );
    const withKey = pool.get("remote-1", connection(target, { privateKey }));
    await assert.rejects(withKey.run("true"), { code: "KEELSON_HOST_AUTH_FAILED" });
    const withCertificate = pool.get("remote-1", connection(target, { privateKey, certificate }));
    assert.equal((await withCertificate.run("id -un")).stdout, "root\n");
  });

  it("is refused when it presents another key than the pinned one", async () => {
    const other = pool.get("remote-1", connection(target, { hostKey: makeKey().publicKey }));
    await assert.rejects(other.run("true"), { code: "KEELSON_HOST_KEY_CHANGED" });
  });

  it("is refused when the login fails", async () => {
    const other = pool.get("remote-1", connection(target, { privateKey: makeKey().privateKey }));
    await assert.rejects(other.run("true"), { code: "KEELSON_HOST_AUTH_FAILED" });
  });

  it("is reached through a bastion, for commands and for connections", async () => {
    const via = pool.get("inner", connection(target, { bastion: connection(bastion) }));
    assert.equal((await via.run("hostname")).stdout, "remote-1\n");
    const stream = await via.dial("127.0.0.1", 22);
    const [banner] = (await stream.take(1).toArray()) as Buffer[];
    assert.match(String(banner), /^SSH-2.0-/);
  });

  it("is itself behind the bastion: its sshd sees the bastion's address", async () => {
    const via = pool.get("inner", connection(target, { bastion: connection(bastion) }));
    const { stdout } = await via.run("echo $SSH_CONNECTION", { sudo: false });
    assert.equal(stdout.split(" ")[0], bastion.address);
  });

  it("lets a crowd of hosts behind it through one login, and drops none", async () => {
    const { publicKey, privateKey } = makeKey();
    const sshd = await startRealSshd({
      root: await ensureRootImage(cacheDirectory(process.env)),
      authorized: [publicKey],
    });
    const hosts = await Promise.all(
      Array.from({ length: 30 }, () => startSshServer({ authorized: [publicKey] })),
    );
    const login = { address: "127.0.0.1", privateKey };
    const via = { ...login, port: sshd.port, hostKey: sshd.hostKeys.ed25519 };

    await Promise.all(
      hosts.map(({ port }) => pool.get(String(port), { ...login, port, bastion: via }).run("true")),
    );

    assert.deepEqual(loginsIn(sshd.log()), { connections: 1, most: 1, dropped: 0 });
    await Promise.all([sshd, ...hosts].map((server) => server.stop()));
  });

  it("is reached again after a reboot, by the same runner", async () => {
    await asRoot().run("touch /run/before-the-reboot");
    const rebooting = machines.reboot("remote-1");
    await waitFor({
      what: "remote-1 to come back",
      deadlineMs: 120_000,
      probe: async () => {
        const { stdout } = await asRoot().run("[ -e /run/before-the-reboot ] || echo fresh");
        return stdout === "fresh\n" ? true : undefined;
      },
    });
    await rebooting;
  });

  it("is reported as unreachable when its power is cut, and found again when it is back", async () => {
    await asRoot().run("true");
    const lost = assert.rejects(asRoot().run("sleep 300"), { code: "KEELSON_HOST_UNREACHABLE" });
    await machines.powerOff("remote-1");
    await lost;
    await machines.start("remote-1");
    assert.equal((await asRoot().run("echo back")).stdout, "back\n");
  });
});
