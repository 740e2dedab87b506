import assert from "node:assert/strict";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { KeelsonError } from "../../errors.ts";
import { kubeClient } from "../../kube/client.ts";
import type { KubeClient, KubeClientOptions } from "../../kube/client.ts";
import { KubeError } from "../../kube/errors.ts";
import { kubeconfigFor, startApiServer } from "../support/api-server.ts";
import type { Answer, ApiServer, Seen } from "../support/api-server.ts";

describe("kubeClient", () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function world(
    answer: (request: Seen) => Answer | Promise<Answer>,
    options: Partial<KubeClientOptions> = {},
  ): Promise<{ server: ApiServer; client: KubeClient }> {
    const server = await startApiServer(answer);
    const client = await kubeClient({ kubeconfig: server.kubeconfig, ...options });
    ends.push(server.stop, () => {
      client.close();
    });
    return { server, client };
  }

  it("sends raw JSON and returns raw JSON, unknown fields included", async () => {
    const { server, client } = await world(({ body }) => ({ body: { echo: body, future: 1 } }));
    const body = { apiVersion: "v9", unknownField: { deep: [null, 1] } };
    const answer = await client.request({
      method: "POST",
      path: "/api/v1/things",
      query: { dryRun: "All" },
      body,
    });
    assert.deepEqual(answer, { echo: body, future: 1 });
    const [seen] = server.seen;
    assert.equal(seen?.headers.authorization, "Bearer a-test-token");
    assert.equal(seen.headers["content-type"], "application/json");
    assert.deepEqual(seen.query, { dryRun: "All" });
  });

  it("keeps one connection for one request after another", async () => {
    const { server, client } = await world(() => ({}));
    for (let count = 0; count < 5; count += 1) await client.request({ path: "/version" });
    assert.equal(server.connections(), 1);
  });

  it("lets a few requests wait for one connection, and opens more for many", async () => {
    const { server, client } = await world(() => ({}), { maxWaiting: 2 });
    const ask = (count: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, () => client.request({ path: "/version" })));

    await ask(1);
    await ask(3);
    assert.equal(server.connections(), 1);
    await ask(8);
    assert.equal(server.connections(), 6);
  });

  it("waits for a busy connection as long as that is alive", async () => {
    const { server, client } = await world(({ path }) => (path === "/slow" ? "silence" : {}), {
      maxWaiting: 2,
    });
    await client.request({ path: "/version" });

    const slow = client.request({ method: "POST", path: "/slow", timeoutMs: 800 });
    const waiting = client.request({ method: "POST", path: "/quick", timeoutMs: 400 });

    await assert.rejects(slow, { code: "KEELSON_API_UNAVAILABLE", message: /no answer in time$/ });
    await waiting;
    assert.equal(server.seen.at(-1)?.path, "/quick");
  });

  it("goes on with the TLS session of its first connection in the others", async () => {
    const { server, client } = await world(() => ({}));

    await client.request({ path: "/version" });
    await Promise.all(["/a", "/b", "/c"].map((path) => client.request({ path })));

    assert.deepEqual([server.connections(), server.resumed()], [3, 2]);
  });

  it("asks a credential plugin anew when what it gave has ended", async () => {
    const { server } = await world(() => ({}));
    const credential = "{ token: String(process.hrtime.bigint()), expirationTimestamp: new Date(0) }";
    const said = `{ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: ${credential} }`;
    const args = ["--eval", `console.log(JSON.stringify(${said}))`];
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args };
    const config = JSON.parse(server.kubeconfig) as { users: { user: object }[] };
    const users = config.users.map((each) => ({ ...each, user: { exec } }));
    const client = await kubeClient({ kubeconfig: JSON.stringify({ ...config, users }) });
    ends.push(() => {
      client.close();
    });

    await client.request({ path: "/a" });
    await client.request({ path: "/b" });

    const [first, second] = server.seen.map(({ headers }) => headers.authorization ?? "");
    assert.match(first ?? "", /^Bearer \d+$/);
    assert.notEqual(first, second);
  });

  it("throws the server's status, reason and words", async () => {
    const body = { message: 'pods "x" is forbidden', reason: "Forbidden" };
    const { client } = await world(({ path }) => (path === "/readyz" ? {} : { status: 403, body }));
    await assert.rejects(client.request({ path: "/api/v1/pods" }), (error) => {
      assert.ok(error instanceof KubeError);
      assert.equal(error.code, "KEELSON_API_REFUSED");
      assert.deepEqual([error.status, error.reason], [403, "Forbidden"]);
      assert.equal(error.message, 'Cannot read /api/v1/pods: pods "x" is forbidden');
      return true;
    });
  });

  it("waits for a server that forbids everything while it starts", async () => {
    const forbidden: Answer = { status: 403, body: { reason: "Forbidden" } };
    const starting = [forbidden, forbidden, { status: 500, body: "rbac/bootstrap-roles failed" }];
    let isReady = false;
    const { server, client } = await world(({ path }): Answer => {
      if (path !== "/readyz") return isReady ? { body: { fine: true } } : forbidden;
      isReady = starting.length === 0;
      return starting.shift() ?? {};
    });

    assert.deepEqual(await client.request({ method: "POST", path: "/api/v1/x", body: {} }), { fine: true });
    assert.equal(server.seen.filter(({ path }) => path === "/readyz").length, 4);
  });

  it("finds nothing where there is nothing", async () => {
    const { client } = await world(() => ({ status: 404, body: { reason: "NotFound" } }));
    assert.equal(await client.find("/api/v1/nodes/none"), undefined);
  });

  it("returns the text of a health endpoint", async () => {
    const { client } = await world(() => ({ body: "ok" }));
    assert.equal(await client.request({ path: "/readyz" }), "ok");
  });

  it("asks again when the server asks for patience", async () => {
    const answers: Answer[] = [
      { status: 429, body: { reason: "TooManyRequests" } },
      { body: { fine: true } },
    ];
    const { client } = await world(() => answers.shift() ?? "cut");
    assert.deepEqual(await client.request({ method: "POST", path: "/api/v1/x", body: {} }), { fine: true });
  });

  it("reads again when the connection is cut", async () => {
    const answers: Answer[] = ["cut", { body: { fine: true } }];
    const { client } = await world(() => answers.shift() ?? "cut");
    assert.deepEqual(await client.request({ path: "/api/v1/x" }), { fine: true });
  });

  it("does not create twice when the connection is cut", async () => {
    const { server, client } = await world(() => "cut");
    await assert.rejects(client.request({ method: "POST", path: "/api/v1/x", body: {} }), {
      code: "KEELSON_API_UNAVAILABLE",
    });
    assert.equal(server.seen.length, 1);
  });

  for (const [what, request, isRepeated] of [
    ["reads", {}, true],
    ["applies", { method: "PATCH", body: { metadata: { name: "a" } } }, true],
    ["never applies", { method: "PATCH", body: { metadata: { name: "a", resourceVersion: "7" } } }, false],
    ["never creates", { method: "POST", body: {} }, false],
    ["never replaces", { method: "PUT", body: {} }, false],
  ] as const) {
    const title = isRepeated ? "" : " what may have happened";
    it(`${what}${title} again when the server's etcd did not answer in time`, async () => {
      const late: Answer = {
        status: 500,
        body: { kind: "Status", message: "etcdserver: request timed out" },
      };
      const answers: Answer[] = [late, { body: { fine: true } }];
      const { server, client } = await world(() => answers.shift() ?? "cut");

      const asking = client.request({ path: "/api/v1/x", ...request });

      if (isRepeated) assert.deepEqual(await asking, { fine: true });
      else await assert.rejects(asking, { code: "KEELSON_API_REFUSED", message: /etcdserver/ });
      assert.equal(server.seen.length, isRepeated ? 2 : 1);
    });
  }

  it("gives up on a server that stays silent", async () => {
    const { client } = await world(({ method }) => (method === "POST" ? "silence" : {}));
    await client.request({ path: "/version" });
    const asking = client.request({ method: "POST", path: "/api/v1/x", timeoutMs: 50 });
    await assert.rejects(asking, { code: "KEELSON_API_UNAVAILABLE", message: /no answer in time$/ });
  });

  it("gives up on a way that never leads anywhere", async () => {
    const { server, client } = await world(() => ({}), { dials: [() => new Promise(() => undefined)] });
    const asking = client.request({ method: "POST", path: "/api/v1/x", timeoutMs: 50 });
    await assert.rejects(asking, { code: "KEELSON_API_UNAVAILABLE", message: /no connection in time$/ });
    assert.equal(server.seen.length, 0);
  });

  it("gives up earlier on a server that takes no connection than on one that is slow, and does not try again", async () => {
    let dialled = 0;
    const dials = [
      () => {
        dialled += 1;
        return new Promise<never>(() => undefined);
      },
    ];
    const { client } = await world(() => ({}), { dials, connectingMs: 50 });
    await assert.rejects(client.request({ path: "/api/v1/x", timeoutMs: 60_000 }), {
      code: "KEELSON_API_UNAVAILABLE",
      message: /no connection in time$/,
    });
    assert.equal(dialled, 1);
  });

  it("gives a server that takes connections the time that an answer may need", async () => {
    const slow = new Promise((resolve) => setTimeout(resolve, 1200));
    const { client } = await world(
      async () => {
        await slow;
        return { body: { fine: true } };
      },
      { connectingMs: 1000 },
    );
    assert.deepEqual(await client.request({ path: "/api/v1/x" }), { fine: true });
  });

  it("ends with the run", async () => {
    const abort = new AbortController();
    const { client } = await world(() => {
      abort.abort();
      return "silence";
    });
    await assert.rejects(client.request({ path: "/x", signal: abort.signal }), { code: "KEELSON_ABORTED" });
  });

  it("does not trust another authority", async () => {
    const { server } = await world(() => ({}));
    const other = await startApiServer(() => ({}));
    ends.push(other.stop);
    const mixed = other.kubeconfig.replace(String(other.port), String(server.port));
    const client = await kubeClient({ kubeconfig: mixed });
    await assert.rejects(client.request({ method: "POST", path: "/x" }), { code: "KEELSON_API_UNAVAILABLE" });
    assert.equal(server.seen.length, 0);
  });

  it("goes through the first way that lives, and begins with it next time", async () => {
    const dialled: string[] = [];
    const dead = (): Promise<Duplex> => {
      dialled.push("dead");
      return Promise.reject(new Error("host down"));
    };
    const living = (host: string, port: number): Promise<Duplex> => {
      dialled.push("living");
      return Promise.resolve(connect(port, host));
    };
    const { client } = await world(() => ({}), { dials: [dead, living] });
    await client.request({ path: "/a" });
    await Promise.all([client.request({ path: "/b" }), client.request({ path: "/c" })]);
    assert.deepEqual(dialled, ["dead", "living", "living"]);
  });

  for (const [sickness, answer, timeoutMs] of [
    ["fails without its etcd", { status: 500, body: { reason: "InternalError" } }, 5000],
    ["stays silent", "silence", 200],
  ] as const) {
    it(`reads from another server when one ${sickness}, and stays with that one`, async () => {
      const dialled: string[] = [];
      const to = (name: string) => (host: string, port: number) => {
        dialled.push(name);
        return Promise.resolve<Duplex>(connect(port, host));
      };
      const { client } = await world(() => (dialled.at(-1) === "sick" ? answer : { body: { fine: true } }), {
        dials: [to("sick"), to("well")],
      });

      assert.deepEqual(await client.request({ path: "/a", timeoutMs }), { fine: true });
      assert.deepEqual(await client.request({ method: "POST", path: "/b" }), { fine: true });
      assert.deepEqual(dialled, ["sick", "well"]);
    });
  }

  it("passes over a way that connects but does not speak TLS", async () => {
    const reset = (host: string, port: number): Promise<Duplex> =>
      Promise.resolve(connect(port, host).destroy());
    const living = (host: string, port: number): Promise<Duplex> => Promise.resolve(connect(port, host));
    const { client } = await world(() => ({ body: { fine: true } }), { dials: [reset, living] });
    assert.deepEqual(await client.request({ path: "/a" }), { fine: true });
  });

  it("knows a server by the name that it is told, whatever the kubeconfig calls it", async () => {
    const server = await startApiServer(() => ({ body: { fine: true } }));
    ends.push(server.stop);
    const kubeconfig = kubeconfigFor("https://10.0.0.100:6443", server.certificate);
    const dials = [() => Promise.resolve<Duplex>(connect(server.port, "127.0.0.1"))];
    const named = async (serverName: string): Promise<unknown> => {
      const client = await kubeClient({ kubeconfig, dials, serverName });
      ends.push(() => {
        client.close();
      });
      return client.request({ method: "POST", path: "/a" });
    };
    assert.deepEqual(await named("kubernetes"), { fine: true });
    await assert.rejects(named("another"), /altnames/);
  });

  it("names every way that failed", async () => {
    const dials = ["one", "two"].map((name) => () => Promise.reject<Duplex>(new Error(`${name} is down`)));
    const { client } = await world(() => ({}), { dials });
    await assert.rejects(client.request({ method: "POST", path: "/a" }), (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_API_UNAVAILABLE");
      assert.match(
        error.message,
        /^Cannot reach the API server at 127\.0\.0\.1:\d+: one is down; two is down$/,
      );
      return true;
    });
  });

  it("refuses what is no kubeconfig without showing it", async () => {
    for (const kubeconfig of ["secret-token: [", "{}", kubeconfigFor("http://127.0.0.1:1", "")]) {
      await assert.rejects(kubeClient({ kubeconfig }), (error) => {
        assert.ok(KeelsonError.is(error));
        assert.equal(error.code, "KEELSON_INVALID_INPUT");
        assert.ok(!error.message.includes("secret-token"));
        return true;
      });
    }
  });
});
