import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PrometheusWatch, requireCredentials } from "../../cli/fleet/prometheus-probe.ts";
import type { PrometheusQuery } from "../../clusters/waves/probes.ts";
import { kubeClient, type TargetCluster } from "../../delivery/index.ts";
import { startApiServer } from "../support/api-server.ts";

const variable = "KEELSON_TEST_AUTHORIZATION";
const secret = "s3cr3t-t0ken";
const bounds: PrometheusQuery = { query: "up", max: 1, intervalSeconds: 0.001 };
const good = { status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [1, "1"] }] } };
const { signal } = new AbortController();
const target: TargetCluster = {
  name: "eu1",
  client: {
    request: () => assert.fail("no cluster is asked"),
    find: () => assert.fail("no cluster is asked"),
  },
};

describe("A query of Prometheus at an address", () => {
  const asked: IncomingMessage[] = [];
  let reply: (response: ServerResponse) => void;
  const server = createServer((request, response) => {
    asked.push(request);
    reply(response);
  });
  let url: string;

  before((done) => {
    server.listen(0, "127.0.0.1", () => {
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prometheus/`;
      done();
    });
  });

  after((done) => {
    server.closeAllConnections();
    server.close(done);
  });

  beforeEach(() => {
    asked.length = 0;
    reply = answerWith(200, good);
    process.env[variable] = `Bearer ${secret}`;
  });

  afterEach(() => {
    process.env[variable] = "";
  });

  const look = async (options: object = {}, cluster = target): Promise<string> => {
    const { state, reason } = await new PrometheusWatch({ url, ...bounds, ...options }, cluster, "shop").look(
      signal,
    );
    return reason === "" ? state : `${state}: ${reason}`;
  };

  it("asks as Prometheus documents it, with the names of cluster and namespace, and with credentials", async () => {
    const query = 'sum(rate(errors{cluster="{{cluster}}", ns="{{namespace}}"}[1m])) + on() vector(0)';

    assert.equal(await look({ query, authorizationFrom: variable }), "within");

    const { pathname, searchParams } = new URL(asked[0]?.url ?? "", "http://localhost");
    assert.equal(pathname, "/prometheus/api/v1/query");
    assert.deepEqual(Object.fromEntries(searchParams), {
      query: 'sum(rate(errors{cluster="eu1", ns="shop"}[1m])) + on() vector(0)',
      timeout: "5000ms",
    });
    assert.equal(asked[0]?.headers.authorization, `Bearer ${secret}`);
  });

  it("lets no name end the literal that it stands in", async () => {
    await look({ query: '{c="{{cluster}}"}' }, { ...target, name: 'a"} or up{b="\\' });

    const query = new URL(asked[0]?.url ?? "", "http://localhost").searchParams.get("query");
    assert.equal(query, '{c="a\\x22} or up{b=\\x22\\x5c"}');
  });

  for (const [title, status, body, says] of [
    [
      "an error",
      503,
      { status: "error", errorType: "unavailable", error: "starting" },
      "unknown: Prometheus answers with 503: starting",
    ],
    [
      "a query that it cannot read",
      400,
      { status: "error", errorType: "bad_data", error: "parse error" },
      "refused: Prometheus answers with 400: parse error",
    ],
    ["a refusal", 401, "Unauthorized", "unknown: Prometheus answers with 401: Unauthorized"],
    [
      "nothing",
      200,
      { ...good, data: { resultType: "vector", result: [] } },
      "unknown: Prometheus gives an empty vector: nothing was measured",
    ],
    [
      "NaN",
      200,
      { ...good, data: { resultType: "scalar", result: [1, "NaN"] } },
      "unknown: Prometheus gives NaN",
    ],
    [
      "too much",
      200,
      { ...good, data: { resultType: "scalar", result: [1, "3"] } },
      "outside: Prometheus gives 3, more than 1",
    ],
  ] as const) {
    it(`tells ${title}`, async () => {
      reply = answerWith(status, body);

      assert.equal(await look({ authorizationFrom: variable }), says);
    });
  }

  it("takes its credentials nowhere else", async () => {
    reply = (response) => response.writeHead(302, { location: "/elsewhere" }).end();

    assert.equal(await look({ authorizationFrom: variable }), "unknown: Prometheus answers with 302");
    assert.equal(asked.length, 1);
  });

  it("waits for an answer as long as it may take", async () => {
    reply = () => undefined;

    assert.equal(
      await look({ timeoutSeconds: 0.05 }),
      "unknown: Prometheus does not answer: there was none in time",
    );
  });

  it("says why there is no connection", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");

    assert.equal(
      await look({ url: `http://127.0.0.1:${port}` }),
      "unknown: Prometheus does not answer: ECONNREFUSED",
    );
  });

  it("asks once in an interval", async () => {
    const watch = new PrometheusWatch({ url, ...bounds, intervalSeconds: 1000 }, target, "shop");

    await watch.look(signal);
    reply = answerWith(500, "");

    assert.equal((await watch.look(signal)).state, "within");
    assert.equal(asked.length, 1);
  });

  it("refuses after so many answers out of bounds in a row as the program allows, however many say nothing", async () => {
    const values = ["3", "1", "3", "NaN", "3"];
    reply = (response) => {
      answerWith(200, { ...good, data: { resultType: "scalar", result: [1, values.shift()] } })(response);
    };
    const watch = new PrometheusWatch(
      { url, ...bounds, intervalSeconds: 0, failureLimit: 2 },
      target,
      "shop",
    );

    const states: string[] = [];
    while (values.length > 0) states.push((await watch.look(signal)).state);

    assert.deepEqual(states, ["outside", "within", "outside", "unknown", "refused"]);
  });

  for (const [title, value, state] of [
    ["are not set", "", `the variable ${variable} is not set`],
    ["are no value of a header", `Bearer ${secret}\nX: y`, `${variable} holds no scheme and credentials`],
    ["have no scheme", secret, `${variable} holds no scheme and credentials`],
  ] as const) {
    it(`refuses credentials that ${title}, and does not repeat them`, async () => {
      process.env[variable] = value;
      const error = { code: "KEELSON_INVALID_INPUT", message: `Cannot ask Prometheus: ${state}` };

      await assert.rejects(look({ authorizationFrom: variable }), error);
      assert.throws(() => {
        requireCredentials([{ url, ...bounds, authorizationFrom: variable }]);
      }, error);
      assert.equal(asked.length, 0);
    });
  }
});

describe("A query of Prometheus in a cluster", () => {
  it("goes through the API server", async () => {
    const answers = [
      {},
      { body: good },
      { status: 400, body: { status: "error", errorType: "bad_data", error: "parse error" } },
      "silence" as const,
    ];
    const server = await startApiServer(() => answers.shift() ?? "silence");
    const client = await kubeClient({ kubeconfig: server.kubeconfig });
    try {
      // The first connection may take longer on a busy computer than a query may.
      await client.request({ path: "/version" });
      const watch = new PrometheusWatch(
        {
          service: "prometheus",
          namespace: "monitoring",
          port: "web",
          path: "/p",
          ...bounds,
          timeoutSeconds: 1,
          intervalSeconds: 0,
        },
        { name: "eu1", client },
        "shop",
      );

      assert.deepEqual(await watch.look(signal), { state: "within", reason: "" });
      assert.deepEqual(await watch.look(signal), {
        state: "refused",
        reason: "Prometheus answers with 400: parse error",
      });
      assert.equal((await watch.look(signal)).reason, "Prometheus does not answer: there was none in time");
      const [, { path, query } = { path: "", query: {} }] = server.seen;
      assert.equal(path, "/api/v1/namespaces/monitoring/services/prometheus:web/proxy/p/api/v1/query");
      assert.deepEqual(query, { query: "up", timeout: "1000ms" });
    } finally {
      client.close();
      await server.stop();
    }
  }).timeout(30_000);
});

function answerWith(status: number, body: unknown): (response: ServerResponse) => void {
  return (response) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  };
}
