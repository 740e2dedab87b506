import assert from "node:assert/strict";
import { KeelsonError } from "../../errors.ts";
import { SshPool } from "../../remote/pool.ts";
import type { SshPoolOptions } from "../../remote/pool.ts";
import type { Connection, Runner } from "../../remote/runner.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";
import type { SshServer, SshServerOptions } from "../support/ssh-server.ts";

const user = makeKey();

describe("an SSH host behind a bastion", () => {
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

  it("is reached with the bastion's own key", async () => {
    const gatekeeper = makeKey();
    const bastion = await server({ authorized: [gatekeeper.publicKey] });
    const inner = await server();
    const box = runner(inner.port, {
      bastion: {
        address: "127.0.0.1",
        port: bastion.port,
        privateKey: gatekeeper.privateKey,
        user: "jump",
      },
    });
    assert.equal((await box.run("echo inside")).stdout, "inside\n");
    assert.deepEqual(bastion.commands, []);
  });

  it("shares the bastion's connection with its neighbours", async () => {
    const bastion = await server();
    const [one, two] = [await server(), await server()];
    const shared = pool();
    const via = { address: "127.0.0.1", port: bastion.port, privateKey: user.privateKey };
    const boxes = [one, two].map(({ port }) =>
      shared.get(String(port), { address: "127.0.0.1", port, privateKey: user.privateKey, bastion: via }),
    );
    await Promise.all(boxes.map((box) => box.run("true")));
    assert.equal(bastion.connections(), 1);
  });

  it("is reached through a chain of them", async () => {
    const [outer, inner, last] = [await server(), await server(), await server()];
    const local = { address: "127.0.0.1", privateKey: user.privateKey };
    const chain = {
      ...local,
      port: inner.port,
      user: "two",
      bastion: { ...local, port: outer.port, user: "one" },
    };
    assert.equal((await runner(last.port, { bastion: chain }).run("echo here")).stdout, "here\n");
    assert.deepEqual([outer.users, inner.users, last.users], [["one"], ["two"], ["root"]]);
  });

  it("is unreachable when the bastion cannot dial it", async () => {
    const bastion = await server();
    const via = { address: "127.0.0.1", port: bastion.port, privateKey: user.privateKey };
    const box = runner(1, { bastion: via }, { dialDeadlineMs: 3000 });
    await assert.rejects(box.run("true"), (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_HOST_UNREACHABLE");
      assert.match(
        error.message,
        new RegExp(`^Cannot reach 127\\.0\\.0\\.1:1 through 127\\.0\\.0\\.1:${bastion.port}:`),
      );
      return true;
    });
  });

  it("is reached again after the bastion's connection was lost", async () => {
    const bastion = await server();
    const inner = await server();
    const box = runner(inner.port, {
      bastion: { address: "127.0.0.1", port: bastion.port, privateKey: user.privateKey },
    });
    const running = box.run("echo begun; exec sleep 300", {
      onLine: () => {
        bastion.cut();
      },
    });
    await assert.rejects(running, { code: "KEELSON_HOST_UNREACHABLE" });
    assert.equal((await box.run("echo again")).stdout, "again\n");
  });
});
