import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { fingerprint, parseHostKeys } from "../../remote/host-keys.ts";
import { SshPool } from "../../remote/pool.ts";
import type { SshPoolOptions } from "../../remote/pool.ts";
import type { Connection, Runner } from "../../remote/runner.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";
import type { KeyPair, SshServer, SshServerOptions } from "../support/ssh-server.ts";

const user = makeKey();

describe("an SSH host", () => {
  const ends: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function server(options: Partial<SshServerOptions> = {}): Promise<SshServer> {
    const started = await startSshServer({ authorized: [user.publicKey], ...options });
    ends.push(() => started.stop());
    return started;
  }

  function pool(options: SshPoolOptions = {}): SshPool {
    const made = new SshPool({ agent: "", dialDeadlineMs: 9000, ...options });
    ends.push(() => made.close());
    return made;
  }

  function runner(port: number, settings: Partial<Connection> = {}, options: SshPoolOptions = {}): Runner {
    return pool(options).get("box", { address: "127.0.0.1", port, privateKey: user.privateKey, ...settings });
  }

  describe("its key", () => {
    it("is pinned by the first contact, in a file", async () => {
      const folder = await mkdtemp(join(tmpdir(), "keelson-ssh-"));
      ends.push(() => rm(folder, { recursive: true }));
      const host = makeKey();
      const { port } = await server({ hostKeys: [host.privateKey] });
      const knownHosts = join(folder, "known_hosts");
      await runner(port, {}, { knownHosts }).run("true");
      assert.equal(
        await readFile(knownHosts, "utf8"),
        `[127.0.0.1]:${port} ${host.publicKey.split(" ").slice(0, 2).join(" ")}\n`,
      );
    });

    it("is refused when it is not the pinned one, with both fingerprints", async () => {
      const [pinned, presented] = [makeKey(), makeKey()];
      const { port } = await server({ hostKeys: [presented.privateKey] });
      await assert.rejects(runner(port, { hostKey: pinned.publicKey }).run("true"), (error) => {
        assert.ok(KeelsonError.is(error));
        assert.equal(error.code, "KEELSON_HOST_KEY_CHANGED");
        for (const key of [pinned, presented])
          assert.ok(error.message.includes(fingerprintOf(key)), error.message);
        return true;
      });
    });

    it("is refused when it changed since the first contact, and the fix names the file", async () => {
      const folder = await mkdtemp(join(tmpdir(), "keelson-ssh-"));
      ends.push(() => rm(folder, { recursive: true }));
      const knownHosts = join(folder, "known_hosts");
      const before = await server();
      await runner(before.port, {}, { knownHosts }).run("true");
      await before.stop();
      const { port } = await server({ port: before.port });
      await assert.rejects(runner(port, {}, { knownHosts }).run("true"), (error) => {
        assert.ok(KeelsonError.is(error));
        assert.equal(error.code, "KEELSON_HOST_KEY_CHANGED");
        assert.ok(error.fix.includes(knownHosts));
        return true;
      });
    });

    it("is asked for by the pinned algorithm although the host prefers another", async () => {
      const [preferred, pinned] = [makeKey(), makeKey("ecdsa")];
      const { port } = await server({ hostKeys: [preferred.privateKey, pinned.privateKey] });
      await runner(port, { hostKey: pinned.publicKey }).run("true");
    });

    it("is refused even when the host has none of the pinned kind any more", async () => {
      const { port } = await server({ hostKeys: [makeKey().privateKey] });
      await assert.rejects(runner(port, { hostKey: makeKey("ecdsa").publicKey }).run("true"), {
        code: "KEELSON_HOST_KEY_CHANGED",
      });
    });

    it("is changed on purpose by another hostKey, as the error says", async () => {
      const [before, after] = [makeKey(), makeKey()];
      const { port } = await server({ hostKeys: [after.privateKey] });
      const shared = pool();
      const declared = { address: "127.0.0.1", port, privateKey: user.privateKey };
      const old = shared.get("box", { ...declared, hostKey: before.publicKey });
      await assert.rejects(old.run("true"), (error) => {
        assert.ok(KeelsonError.is(error));
        assert.match(error.fix, /installed anew on purpose, set its hostKey to the new key; otherwise/);
        return true;
      });
      await shared.get("box", { ...declared, hostKey: after.publicKey }).run("true");
    });

    it("may be one of several", async () => {
      const host = makeKey();
      const { port } = await server({ hostKeys: [host.privateKey] });
      await runner(port, { hostKey: `${makeKey().publicKey}\n${host.publicKey}` }).run("true");
    });
  });

  describe("a login", () => {
    it("fails by name when the host does not know the key", async () => {
      const { port } = await server();
      await assert.rejects(runner(port, { privateKey: makeKey().privateKey, user: "admin" }).run("true"), {
        code: "KEELSON_HOST_AUTH_FAILED",
        message: `Cannot log in to 127.0.0.1:${port} as "admin": all configured authentication methods failed`,
      });
    });

    it("says that a key is no key, without showing it", async () => {
      const { port } = await server();
      await assert.rejects(runner(port, { privateKey: "nonsense-key" }).run("true"), (error) => {
        assert.ok(KeelsonError.is(error));
        assert.equal(error.code, "KEELSON_HOST_AUTH_FAILED");
        assert.ok(!error.message.includes("nonsense-key"));
        return true;
      });
    });

    it("needs a key or an agent", async () => {
      const { port } = await server();
      await assert.rejects(
        pool().get("box", { address: "127.0.0.1", port }).run("true"),
        /no private key is given and no SSH agent runs$/,
      );
    });
  });

  describe("that does not answer", () => {
    it("is unreachable, with its address and the cause", async () => {
      const { port, stop } = await startSshServer({ authorized: [] });
      await stop();
      await assert.rejects(runner(port, {}, { dialDeadlineMs: 500 }).run("true"), (error) => {
        assert.ok(KeelsonError.is(error));
        assert.equal(error.code, "KEELSON_HOST_UNREACHABLE");
        assert.match(
          error.message,
          new RegExp(`^Cannot reach 127\\.0\\.0\\.1:${port}: the host refuses connections to this port`),
        );
        return true;
      });
    });

    it("is unreachable when it accepts and stays silent", async () => {
      const silent = createServer((socket) => socket.resume().on("error", () => undefined));
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      ends.push(() => new Promise((resolve) => silent.close(resolve)));
      const { port } = silent.address() as AddressInfo;
      await assert.rejects(runner(port, {}, { dialDeadlineMs: 300 }).run("true"), {
        code: "KEELSON_HOST_UNREACHABLE",
      });
    });

    for (const said of ["Exceeded MaxStartups", "Not allowed at this time"]) {
      it(`is unreachable with sshd's own words: ${said}`, async () => {
        let contacts = 0;
        const full = createServer((socket) => {
          contacts += 1;
          socket
            .resume()
            .on("error", () => undefined)
            .end(`${said}\r\n`);
        });
        await new Promise<void>((resolve) => full.listen(0, "127.0.0.1", resolve));
        ends.push(() => new Promise((resolve) => full.close(resolve)));
        const { port } = full.address() as AddressInfo;
        // A penalty is waited for four times as long.
        const dialDeadlineMs = said.includes("MaxStartups") ? 3000 : 750;
        await assert.rejects(runner(port, {}, { dialDeadlineMs }).run("true"), {
          code: "KEELSON_HOST_UNREACHABLE",
          message: `Cannot reach 127.0.0.1:${port}: sshd says "${said}"`,
        });
        // A crowd passes, and so does a penalty.
        assert.ok(contacts > 1);
      });
    }

    it("is waited for longer when it only turns this computer away for a while", async () => {
      const { port, stop } = await startSshServer({ authorized: [] });
      await stop();
      let contacts = 0;
      const strict = createServer((socket) => {
        contacts += 1;
        socket
          .resume()
          .on("error", () => undefined)
          .end("Not allowed at this time\r\n");
        // After one more pause the deadline of a host that does not answer is over.
        if (contacts === 3) strict.close(() => void server({ port }));
      });
      await new Promise<void>((resolve) => strict.listen(port, "127.0.0.1", resolve));

      const running = runner(port, {}, { dialDeadlineMs: 800 }).run("echo let in");

      assert.equal((await running).stdout, "let in\n");
    });

    it("does not hold up a run that was cancelled", async () => {
      const silent = createServer((socket) => socket.resume().on("error", () => undefined));
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      ends.push(() => new Promise((resolve) => silent.close(resolve)));
      const { port } = silent.address() as AddressInfo;
      const abort = new AbortController();
      const running = runner(port, {}, { dialDeadlineMs: 2000 }).run("true", { signal: abort.signal });
      abort.abort();
      await assert.rejects(running, { code: "KEELSON_ABORTED" });
    });

    it("is reached once it listens", async () => {
      const { port, stop } = await startSshServer({ authorized: [] });
      await stop();
      const running = runner(port, {}, { dialDeadlineMs: 8000 }).run("echo up");
      await server({ port });
      assert.equal((await running).stdout, "up\n");
    });
  });

  describe("whose connection is lost", () => {
    it("fails the command that ran and serves the next one", async () => {
      const host = await server();
      const box = runner(host.port);
      const running = box.run("echo begun; exec sleep 300", {
        onLine: () => {
          host.cut();
        },
      });
      await assert.rejects(running, { code: "KEELSON_HOST_UNREACHABLE" });
      assert.equal((await box.run("echo again")).stdout, "again\n");
      assert.equal(host.connections(), 2);
    });

    it("leaves the old file when it was being written", async () => {
      const folder = await mkdtemp(join(tmpdir(), "keelson-ssh-"));
      ends.push(() => rm(folder, { recursive: true }));
      const host = await server();
      const box = runner(host.port);
      const path = join(folder, "file");
      await box.write(path, "old");
      const writing = box.write(path, Buffer.alloc(20_000_000));
      setImmediate(() => {
        host.cut();
      });
      await assert.rejects(writing, { code: "KEELSON_HOST_UNREACHABLE" });
      assert.equal(await readFile(path, "utf8"), "old");
    });

    it("ends a session with an error", async () => {
      const host = await server();
      const session = await runner(host.port).open("echo begun; cat");
      host.cut();
      await assert.rejects(session.ended, { code: "KEELSON_HOST_UNREACHABLE" });
    });
  });

  describe("its sessions", () => {
    it("stay below the ten that sshd allows, on one connection", async () => {
      const host = await server();
      const box = runner(host.port);
      await Promise.all(Array.from({ length: 25 }, () => box.run("true")));
      assert.ok(host.mostSessions() <= 9, `${host.mostSessions()} sessions`);
      assert.equal(host.connections(), 1);
    });

    it("wait for one that has ended and that the server still counts", async () => {
      const host = await server({ maxSessions: 1, lingerMs: 100 });
      const box = runner(host.port);
      for (const text of ["one", "two", "three"]) {
        assert.equal((await box.run(`echo ${text}`)).stdout, `${text}\n`);
      }
    });

    it("are no way at all to a server that allows none", async () => {
      const host = await server({ maxSessions: 0 });
      await assert.rejects(runner(host.port).run("true"), { code: "KEELSON_HOST_UNREACHABLE" });
    });

    it("adapt to a server that allows fewer", async () => {
      const host = await server({ maxSessions: 2 });
      const box = runner(host.port);
      const results = await Promise.all(Array.from({ length: 8 }, (_, index) => box.run(`echo ${index}`)));
      assert.deepEqual(
        results.map(({ stdout }) => stdout.trim()),
        ["0", "1", "2", "3", "4", "5", "6", "7"],
      );
    });
  });

  describe("in a pool", () => {
    it("has one connection under two names, and another one for another user", async () => {
      const host = await server();
      const shared = pool();
      const settings = { address: "127.0.0.1", port: host.port, privateKey: user.privateKey };
      await shared.get("a", settings).run("true");
      await shared.get("b", settings).run("true");
      assert.equal(host.connections(), 1);
      assert.equal(shared.get("a", settings), shared.get("a", settings));
      await shared.get("a", { ...settings, user: "other" }).run("true", { sudo: false });
      assert.equal(host.connections(), 2);
    });

    it("hides the secrets of its connections", () => {
      const shared = pool();
      shared.get("a", { address: "127.0.0.1", privateKey: user.privateKey, sudoPassword: "open-sesame" });
      assert.equal(shared.masker.mask("open-sesame"), "[secret]");
    });

    it("is dialled anew after the pool was closed", async () => {
      const host = await server();
      const shared = pool();
      const settings = { address: "127.0.0.1", port: host.port, privateKey: user.privateKey };
      await shared.get("a", settings).run("true");
      await shared.close();
      await shared.get("a", settings).run("true");
      assert.equal(host.connections(), 2);
    });
  });
});

function fingerprintOf({ publicKey }: KeyPair): string {
  const [key] = parseHostKeys(publicKey);
  assert.ok(key);
  return fingerprint(key);
}
