import assert from "node:assert/strict";
import { KeelsonError } from "../../errors.ts";
import { SshPool } from "../../remote/pool.ts";
import { command } from "../../remote/quote.ts";
import type { Connection, Runner } from "../../remote/runner.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { ordinaryUser, standIns, sudoWithPassword } from "../support/stand-ins.ts";

const user = makeKey();
const password = "open 'sesame'".replaceAll("'", "");

describe("becoming root", () => {
  const ends: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function host(
    scripts: Readonly<Record<string, string>>,
    settings: Partial<Connection> = {},
  ): Promise<{ runner: Runner; server: SshServer }> {
    const programs = await standIns({ id: ordinaryUser, sudo: "exit 1", doas: "exit 1", ...scripts });
    const server = await startSshServer({ authorized: [user.publicKey], path: programs.path });
    const pool = new SshPool();
    ends.push(programs.remove, server.stop, () => pool.close());
    const { port } = server;
    const connection = {
      address: "127.0.0.1",
      port,
      user: "admin",
      privateKey: user.privateKey,
      ...settings,
    };
    return { runner: pool.get("box", connection), server };
  }

  it("needs no probe for root", async () => {
    const { runner, server } = await host({}, { user: "root" });
    await runner.run("true");
    assert.equal(server.commands.length, 1);
  });

  it("needs nothing for another name of root", async () => {
    const { runner } = await host({ id: "echo 0" });
    assert.equal((await runner.run("echo ok")).stdout, "ok\n");
  });

  it("uses sudo without a password where it can, and asks only once which way to go", async () => {
    const { runner, server } = await host({
      sudo: `[ "$1" = -n ] || exit 64; shift; [ "$1" = -- ] && shift; exec "$@"`,
    });
    assert.equal((await runner.run("cat", { stdin: "input" })).stdout, "input");
    await runner.run("true");
    assert.equal(server.commands.length, 3);
    assert.match(server.commands[2] ?? "", /^exec sudo -n -- sh -c /);
  });

  it("uses doas where there is no sudo", async () => {
    const { runner } = await host({
      doas: `[ "$1" = -n ] || exit 64; shift; [ "$1" = -- ] && shift; exec "$@"`,
    });
    assert.equal((await runner.run("cat", { stdin: "input" })).stdout, "input");
  });

  it("writes the password to the prompt only", async () => {
    const { runner } = await host({ sudo: sudoWithPassword(password) }, { sudoPassword: password });
    assert.deepEqual(await runner.run("cat", { stdin: "input" }), {
      exitCode: 0,
      stdout: "input",
      stderr: "",
    });
  });

  it("never puts the password into a command's input, even if sudo does not ask", async () => {
    const forgetful = [`if [ "$1" = -n ]; then exit 1; fi`, `[ "$1" = -S ] && shift 4; exec "$@"`].join("\n");
    const { runner, server } = await host({ sudo: forgetful }, { sudoPassword: password });
    assert.equal((await runner.run("cat", { stdin: "input" })).stdout, "input");
    assert.equal((await runner.run("cat")).stdout, "");
    assert.ok(server.commands.every((line) => !line.includes(password)));
  });

  it("keeps a session's input for the session", async () => {
    const { runner } = await host({ sudo: sudoWithPassword(password) }, { sudoPassword: password });
    const session = await runner.open("exec cat", { stdin: "mine\n" });
    assert.equal(session.firstLine, "mine");
    await session.close();
  });

  it("fails by name when sudo refuses the password", async () => {
    const { runner } = await host({ sudo: sudoWithPassword(password) }, { sudoPassword: "another one" });
    await assert.rejects(runner.run("true"), {
      code: "KEELSON_HOST_SUDO_FAILED",
      message: "Cannot become root on box: sudo refused the password",
    });
  });

  it("says what sudo said when there is no way", async () => {
    const { runner } = await host({ sudo: `echo "sudo: a password is required" >&2; exit 1` });
    await assert.rejects(runner.run("true"), (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_HOST_SUDO_FAILED");
      assert.equal(error.message, "Cannot become root on box: sudo: a password is required");
      return true;
    });
  });

  it("says what sudo said when it refuses a command later", async () => {
    const fickle = `[ "$3" = true ] || [ "$2" = true ] && exit 0; echo "sudo: you must have a tty" >&2; exit 1`;
    const { runner } = await host({ sudo: fickle });
    await assert.rejects(runner.run("true"), {
      code: "KEELSON_HOST_SUDO_FAILED",
      message: "Cannot become root on box: sudo: you must have a tty",
    });
  });

  describe("where sudo insists on a terminal", () => {
    const insistent = (then: string): string =>
      [
        `sh -c ': </dev/tty' 2>/dev/null || { echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1; }`,
        then,
      ].join("\n");

    it("gives it one, and every byte passes by it", async () => {
      const { runner } = await host({ sudo: insistent(`shift; [ "$1" = -- ] && shift; exec "$@"`) });
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("latin1");
      const { stdout } = await runner.run("base64", { stdin: Buffer.from(bytes, "latin1") });
      assert.equal(Buffer.from(stdout, "base64").toString("latin1"), bytes);
      const both = await runner.run("echo out; echo err >&2; exit 7", { okCodes: [7] });
      assert.deepEqual(both, { exitCode: 7, stdout: "out\n", stderr: "err\n" });
    });

    it("ends a command with what it started", async () => {
      const { runner } = await host({ sudo: insistent(`shift; [ "$1" = -- ] && shift; exec "$@"`) });
      const abort = new AbortController();
      let pid = "";
      const running = runner.run("sleep 300 & echo $!; wait", {
        signal: abort.signal,
        onLine: (line) => {
          pid = line;
          abort.abort();
        },
      });
      await assert.rejects(running, { code: "KEELSON_ABORTED" });
      await assert.rejects(runner.run(command`kill -0 ${pid}`), { code: "KEELSON_COMMAND_FAILED" });
    });

    it("answers its prompt with the password", async () => {
      const { runner } = await host(
        { sudo: insistent(sudoWithPassword(password)) },
        { sudoPassword: password },
      );
      assert.equal((await runner.run("cat", { stdin: "input" })).stdout, "input");
    });

    it("says so where no terminal can be had", async () => {
      const { runner } = await host({ sudo: insistent("exit 1"), script: "exit 127" });
      await assert.rejects(runner.run("true"), {
        message: "Cannot become root on box: sudo: sorry, you must have a tty to run sudo",
      });
    });
  });

  it("is left out on request", async () => {
    const { runner, server } = await host({});
    assert.equal((await runner.run("echo me", { sudo: false })).stdout, "me\n");
    assert.equal(server.commands.length, 1);
  });
});
