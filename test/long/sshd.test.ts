import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureRootImage } from "../../machines/nspawn/root-image.ts";
import { Masker } from "../../remote/mask.ts";
import { SshPool } from "../../remote/pool.ts";
import type { SshPoolOptions } from "../../remote/pool.ts";
import { command } from "../../remote/quote.ts";
import type { Connection, Runner } from "../../remote/runner.ts";
import { waitFor } from "../../remote/wait.ts";
import { cacheDirectory } from "../../toolchain/settings.ts";
import { contractSecret, runnerContract, shellRunnerContract } from "../contracts/runner.ts";
import type { Subject } from "../contracts/runner.ts";
import { startRealSshd } from "../support/real-sshd.ts";
import type { RealSshd } from "../support/real-sshd.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { sshAgent } from "../support/ssh-agent.ts";
import { makeKey } from "../support/ssh-server.ts";
import { standIns } from "../support/stand-ins.ts";

const user = makeKey();
const types = ["ed25519", "ecdsa", "rsa"] as const;

/** OpenSSH's own server with the settings of its distribution, on this computer's loopback. */
describe("a real sshd", function () {
  this.timeout(300_000);
  const ends: (() => Promise<unknown>)[] = [];
  let root: string;
  let folder: string;
  let sshd: RealSshd;

  before(async function () {
    skipWithoutLocalMachines(this);
    root = await ensureRootImage(cacheDirectory(process.env));
    folder = await mkdtemp(join(tmpdir(), "keelson-sshd-test-"));
    const setup = [
      "useradd --create-home --shell /bin/sh admin",
      "install -d -o admin -m 700 ~admin/.ssh",
      "install -o admin -m 600 /root/.ssh/authorized_keys ~admin/.ssh/authorized_keys",
    ];
    sshd = await startRealSshd({ root, authorized: [user.publicKey], setup: setup.join("\n") });
  });

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  after(async () => {
    await sshd.stop();
    await rm(folder, { recursive: true });
  });

  const to = (changes: Partial<Connection> = {}, server = sshd): Connection => ({
    address: "127.0.0.1",
    port: server.port,
    privateKey: user.privateKey,
    hostKey: server.hostKeys.ed25519,
    ...changes,
  });

  function runner(connection: Connection, options: SshPoolOptions = {}): Runner {
    const pool = new SshPool({ agent: "", ...options });
    ends.push(() => pool.close());
    return pool.get("box", connection);
  }

  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };

  describe("pinned by one of its keys", () => {
    for (const type of types) {
      it(`is trusted by its ${type} key alone, and by no other of that kind`, async () => {
        const hostKey = sshd.hostKeys[type];
        assert.equal((await runner(to({ hostKey })).run("echo in")).stdout, "in\n");
        const stranger = await startRealSshd({ root, authorized: [user.publicKey] });
        ends.push(() => stranger.stop());
        await assert.rejects(runner(to({ hostKey }, stranger)).run("true"), {
          code: "KEELSON_HOST_KEY_CHANGED",
        });
      });
    }

    it("is installed anew on purpose: the error says what to change, and then it is reached", async () => {
      const knownHosts = join(folder, "pins");
      const first = await startRealSshd({ root, authorized: [user.publicKey] });
      const { port } = first;
      const unpinned = { address: "127.0.0.1", port, privateKey: user.privateKey };
      await runner(unpinned, { knownHosts }).run("true");
      await first.stop();
      const again = await startRealSshd({ root, authorized: [user.publicKey], port });
      ends.push(() => again.stop());

      const changed = await runner(unpinned, { knownHosts })
        .run("true")
        .catch((error: unknown) => error as Error & { code: string; fix: string });
      assert.ok("fix" in changed);
      assert.equal(changed.code, "KEELSON_HOST_KEY_CHANGED");
      const [, line = ""] = /delete its line "(.*)" from/.exec(changed.fix) ?? [];
      const pins = (await readFile(knownHosts, "utf8")).split("\n");
      await writeFile(knownHosts, pins.filter((each) => !each.startsWith(line)).join("\n"));

      assert.equal((await runner(unpinned, { knownHosts }).run("echo again")).stdout, "again\n");
    });
  });

  describe("opened in every way", () => {
    it("by an agent, which holds more keys than sshd lets a login try", async () => {
      const agent = await sshAgent(folder);
      ends.push(() => agent.stop());
      for (let index = 0; index < 7; index += 1) agent.add(await file("other", `${makeKey().privateKey}\n`));
      const path = await file("mine", `${user.privateKey}\n`);
      agent.add(path);
      await writeFile(`${path}.pub`, `${user.publicKey}\n`);
      await rm(path);
      await useConfig([`IdentityFile ${path}`, "IdentitiesOnly yes"]);

      const hostKey = sshd.hostKeys.ed25519;
      const box = runner({ address: "box", sshConfig: true, hostKey }, { agent: agent.socket });

      assert.equal((await box.run("id -un", { sudo: false })).stdout, "root\n");
    });

    it("by an alias of ~/.ssh/config, with its user and port", async () => {
      await useConfig(["User admin", `IdentityFile ${await file("key", `${user.privateKey}\n`)}`]);

      const box = runner({ address: "box", sshConfig: true, hostKey: sshd.hostKeys.ecdsa });

      assert.equal((await box.run("id -un", { sudo: false })).stdout, "admin\n");
    });

    for (const type of ["ed25519", "rsa"] as const) {
      it(`by a certificate about an encrypted ${type} key`, async () => {
        const ca = join(folder, `ca-${type}`);
        const mine = join(folder, `user-${type}`);
        const keygen = (...options: string[]): unknown => execFileSync("ssh-keygen", ["-q", ...options]);
        keygen("-t", "ed25519", "-N", "", "-f", ca);
        keygen("-t", type, "-N", "open sesame", "-f", mine);
        keygen("-s", ca, "-I", "test", "-n", "root", "-V", "+1h", `${mine}.pub`);
        const trusting = await startRealSshd({
          root,
          authorized: [],
          setup: command`printf '%s\n' ${await readFile(`${ca}.pub`, "utf8")} >/etc/ssh/users.pub`,
          settings: ["TrustedUserCAKeys /etc/ssh/users.pub"],
        });
        ends.push(() => trusting.stop());
        const login = { privateKey: await readFile(mine, "utf8"), passphrase: "open sesame" };
        const certificate = await readFile(`${mine}-cert.pub`, "utf8");

        assert.equal((await runner(to({ ...login, certificate }, trusting)).run("id -un")).stdout, "root\n");
        await assert.rejects(runner(to(login, trusting)).run("true"), { code: "KEELSON_HOST_AUTH_FAILED" });
      });
    }
  });

  describe("whose user becomes root by doas", () => {
    const pools: SshPool[] = [];

    before(async () => {
      execFileSync("apt-get", ["-q", "download", "opendoas"], { cwd: folder, stdio: "ignore" });
      const name = (await readdir(folder)).find((each) => each.startsWith("opendoas")) ?? "";
      const asRoot = new SshPool({ agent: "" });
      pools.push(asRoot);
      const box = asRoot.get("box", to());
      await box.write("/root/doas.deb", await readFile(join(folder, name)));
      await box.run("dpkg -i /root/doas.deb && rm -f /usr/bin/sudo");
      await box.write("/etc/doas.conf", "permit nopass admin as root\n", { mode: 0o400 });
    });

    after(() => Promise.all(pools.map((pool) => pool.close())));

    const subject = async (): Promise<Subject> => {
      const masker = new Masker();
      masker.add(contractSecret);
      const pool = new SshPool({ masker, agent: "" });
      pools.push(pool);
      const box = pool.get("box", to({ user: "admin" }));
      const temporary = (await box.run("mktemp -d")).stdout.trim();
      const end = (): Promise<void> => box.run(command`rm -rf ${temporary}`).then(() => undefined);
      return { runner: box, folder: temporary, end };
    };

    runnerContract(subject);
    shellRunnerContract(subject);

    it("is root there", async () => {
      assert.equal((await runner(to({ user: "admin" })).run("id -u")).stdout, "0\n");
      assert.equal((await runner(to({ user: "admin" })).run("id -u", { sudo: false })).stdout, "1000\n");
    });
  });

  describe("with its own limits", () => {
    it("runs many commands at once on one connection, with ten sessions and with two", async () => {
      const narrow = await startRealSshd({ root, authorized: [user.publicKey], settings: ["MaxSessions 2"] });
      ends.push(() => narrow.stop());
      for (const server of [sshd, narrow]) {
        const box = runner(to({}, server));
        const numbers = Array.from({ length: 30 }, (_, index) => String(index));
        const outputs = await Promise.all(numbers.map((each) => box.run(command`echo ${each}`)));
        assert.deepEqual(
          outputs.map(({ stdout }) => stdout.trim()),
          numbers,
        );
      }
    });

    it("drops dials of a crowd that does not know of each other, and lets each in after a while", async () => {
      const crowded = await startRealSshd({ root, authorized: [user.publicKey] });
      ends.push(() => crowded.stop());

      const crowd = Array.from({ length: 40 }, () => runner(to({}, crowded), { dialDeadlineMs: 60_000 }));
      const answers = await Promise.all(crowd.map((box) => box.run("echo in")));

      assert.ok(answers.every(({ stdout }) => stdout === "in\n"));
      assert.match(crowded.log(), /past MaxStartups/);
    });
  });

  it("is waited for by a user who may not log in while it boots", async () => {
    const asRoot = runner(to());
    ends.push(() => asRoot.run("rm -f /run/nologin"));
    await asRoot.run("echo 'System is booting up' >/run/nologin");

    const running = runner(to({ user: "admin" })).run("echo in", { sudo: false });
    await waitFor({
      what: "sshd to refuse the user",
      deadlineMs: 10_000,
      probe: () => Promise.resolve(/^Access denied for user admin/m.test(sshd.log()) || undefined),
    });
    await asRoot.run("rm /run/nologin");

    assert.equal((await running).stdout, "in\n");
  });

  it("is waited for while it turns this computer away for logins that failed (PerSourcePenalties)", async () => {
    const newer = await ensureRootImage(cacheDirectory(process.env), {}, "trixie");
    const strict = await startRealSshd({ root: newer, authorized: [user.publicKey] });
    ends.push(() => strict.stop());
    for (let index = 0; index < 4; index += 1) {
      const wrong = runner(to({ privateKey: makeKey().privateKey }, strict));
      await assert.rejects(wrong.run("true"), { code: "KEELSON_HOST_AUTH_FAILED" });
    }

    const { stdout } = await runner(to({}, strict)).run("echo forgiven");

    assert.equal(stdout, "forgiven\n");
    assert.match(strict.log(), /^drop connection .* penalty: failed authentication/m);
  });

  /** `ssh` is this computer's own, with a configuration of the test's. */
  async function useConfig(lines: readonly string[]): Promise<void> {
    const path = process.env["PATH"] ?? "";
    const host = ["Host box", "HostName 127.0.0.1", `Port ${String(sshd.port)}`, ...lines];
    const config = await file("config", `${host.join("\n  ")}\n`);
    const ssh = execFileSync("sh", ["-c", "command -v ssh"]).toString().trim();
    const programs = await standIns({ ssh: `exec ${ssh} -F "${config}" "$@"` });
    process.env["PATH"] = `${programs.path}:${path}`;
    ends.push(async () => {
      process.env["PATH"] = path;
      await programs.remove();
    });
  }
});
