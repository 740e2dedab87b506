import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SshPool } from "../../remote/pool.ts";
import type { Connection, Runner } from "../../remote/runner.ts";
import { sshAgent } from "../support/ssh-agent.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";
import type { SshServer, SshServerOptions } from "../support/ssh-server.ts";
import { standIns } from "../support/stand-ins.ts";

const user = makeKey();
const host = makeKey();

/** `ssh` is this computer's own, with a configuration of the test's. */
describe("a host that OpenSSH's configuration describes", () => {
  const ends: (() => Promise<unknown>)[] = [];
  const path = process.env["PATH"] ?? "";
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-ssh-config-"));
    ends.push(() => rm(folder, { recursive: true }));
    const ssh = execFileSync("sh", ["-c", "command -v ssh"]).toString().trim();
    const programs = await standIns({ ssh: `exec ${ssh} -F "${join(folder, "config")}" "$@"` });
    ends.push(programs.remove);
    process.env["PATH"] = `${programs.path}:${path}`;
    await write("key", `${user.privateKey}\n`);
  });

  afterEach(async () => {
    process.env["PATH"] = path;
    for (const end of ends.splice(0).reverse()) await end();
  });

  const write = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };

  async function server(options: Partial<SshServerOptions> = {}): Promise<SshServer> {
    const started = await startSshServer({
      authorized: [user.publicKey],
      hostKeys: [host.privateKey],
      ...options,
    });
    ends.push(started.stop);
    return started;
  }

  function runner(settings: Partial<Connection> = {}, agent = ""): Runner {
    const pool = new SshPool({ agent, dialDeadlineMs: 3000 });
    ends.push(() => pool.close());
    return pool.get("box", { address: "box", sshConfig: true, ...settings });
  }

  const describeHosts = (...hosts: readonly (readonly string[])[]): Promise<string> =>
    write("config", [...hosts.map((lines) => lines.join("\n  ")), defaults(folder)].join("\n"));
  const alias = (port: number): string[] => ["Host box", "HostName 127.0.0.1", `Port ${port}`];

  it("is reached by its alias, with the user, port and key of the configuration", async () => {
    const { port, users } = await server();
    await describeHosts([...alias(port), "User ops", `IdentityFile ${folder}/key`]);
    assert.equal((await runner().run("echo here", { sudo: false })).stdout, "here\n");
    assert.deepEqual(users, ["ops"]);
  });

  it("is an unknown name without it", async () => {
    const { port } = await server();
    await describeHosts([...alias(port), `IdentityFile ${folder}/key`]);
    await assert.rejects(runner({ sshConfig: false, ...user }).run("true"), {
      code: "KEELSON_HOST_UNREACHABLE",
    });
  });

  it("keeps what the program says", async () => {
    const { port, users } = await server();
    await describeHosts([...alias(1), "User ops", "IdentityFile /nonexistent"]);
    await runner({ port, user: "root", privateKey: user.privateKey }).run("true");
    assert.deepEqual(users, ["root"]);
  });

  it("is opened by a key whose passphrase the program gives", async () => {
    const { port } = await server({ authorized: [lockedKey(folder)] });
    await describeHosts([...alias(port), `IdentityFile ${folder}/locked`]);
    await runner({ passphrase: "open sesame" }).run("true", { sudo: false });
    await assert.rejects(runner().run("true"), { code: "KEELSON_HOST_AUTH_FAILED" });
  });

  it("is opened by the agent, which offers no other key than the configured one", async () => {
    const locked = lockedKey(folder);
    const { port, offered } = await server({ authorized: [locked] });
    await describeHosts([...alias(port), `IdentityFile ${folder}/locked`, "IdentitiesOnly yes"]);
    const agent = await sshAgent(folder);
    ends.push(() => agent.stop());
    for (const name of ["other", "another"]) agent.add(await write(name, `${makeKey().privateKey}\n`));
    agent.add(join(folder, "locked"));
    await runner({}, agent.socket).run("true", { sudo: false });
    assert.deepEqual(new Set(offered), new Set([locked]));
  });

  it("is reached through a chain of jumps, each by its own alias", async () => {
    const [first, second, last] = [await server(), await server(), await server()];
    const key = `IdentityFile ${folder}/key`;
    await describeHosts(
      ["Host outer", "HostName 127.0.0.1", `Port ${first.port}`, "User one", key],
      ["Host inner", "HostName 127.0.0.1", "User two", key],
      [...alias(last.port), "User three", key, `ProxyJump outer,inner:${second.port}`],
    );
    assert.equal((await runner().run("echo here", { sudo: false })).stdout, "here\n");
    assert.deepEqual([first.users, second.users, last.users], [["one"], ["two"], ["three"]]);
  });

  it("is refused when it has a proxy command", async () => {
    await describeHosts([...alias(1), "ProxyCommand nc %h %p"]);
    await assert.rejects(runner().run("true"), { code: "KEELSON_NOT_SUPPORTED" });
  });

  it("is refused when the configuration is wrong, in ssh's own words", async () => {
    await write("config", "Host box\n  Prot 22\n");
    await assert.rejects(runner().run("true"), (error: Error) => {
      assert.match(error.message, /^Cannot look up "box" in the configuration of OpenSSH: /);
      return true;
    });
  });

  describe("and whose key OpenSSH knows", () => {
    it("must present it, under its alias", async () => {
      const { port } = await server({ hostKeys: [makeKey("ecdsa").privateKey, host.privateKey] });
      await write("known", `the-box ${host.publicKey}\n`);
      await describeHosts([...alias(port), `IdentityFile ${folder}/key`, "HostKeyAlias the-box"]);
      await runner().run("true", { sudo: false });
      await write("known", `the-box ${makeKey().publicKey}\n`);
      await assert.rejects(runner().run("true"), (error: Error & { code?: string; fix?: string }) => {
        assert.equal(error.code, "KEELSON_HOST_KEY_CHANGED");
        assert.match(error.message, /but the known hosts of OpenSSH pins SHA256:/);
        assert.match(error.fix ?? "", /run ssh-keygen -R "the-box"; otherwise find out who answers$/);
        return true;
      });
    });

    it("is refused for a revoked key", async () => {
      const { port } = await server();
      await write("known", `@revoked * ${host.publicKey}\n`);
      await describeHosts([...alias(port), `IdentityFile ${folder}/key`]);
      await assert.rejects(runner().run("true"), { code: "KEELSON_HOST_KEY_CHANGED" });
    });

    it("is refused if only an authority vouches for it", async () => {
      await write("known", `@cert-authority * ${host.publicKey}\n`);
      await describeHosts([...alias(1), `IdentityFile ${folder}/key`]);
      await assert.rejects(runner().run("true"), { code: "KEELSON_NOT_SUPPORTED" });
    });

    it("is refused unknown where OpenSSH is strict", async () => {
      await describeHosts([...alias(1), "StrictHostKeyChecking yes"]);
      await assert.rejects(runner().run("true"), { code: "KEELSON_HOST_KEY_CHANGED" });
    });
  });
});

/** What keeps this computer's own keys and hosts out of the test. */
function defaults(folder: string): string {
  const files = `UserKnownHostsFile ${folder}/known\n  GlobalKnownHostsFile /dev/null`;
  return `Host *\n  IdentityFile ${folder}/none\n  ${files}\n`;
}

/** Makes `locked`, which "open sesame" opens, and returns its public half. */
function lockedKey(folder: string): string {
  const options = ["-q", "-t", "ed25519", "-a", "1", "-N", "open sesame", "-f", join(folder, "locked")];
  execFileSync("ssh-keygen", options);
  return execFileSync("ssh-keygen", ["-y", "-P", "open sesame", "-f", join(folder, "locked")])
    .toString()
    .split(" ")
    .slice(0, 2)
    .join(" ")
    .trim();
}
