import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server of this process that answers as Prometheus does: instant queries with a vector of one sample. */
export class PrometheusStandIn {
  /** The queries that it was asked, in order. */
  readonly queries: string[] = [];
  /** What it answers to a query. */
  value: (query: string) => number = () => 0;
  readonly #server = createServer((request, response) => {
    const query = new URL(request.url ?? "/", "http://server").searchParams.get("query") ?? "";
    this.queries.push(query);
    const sample = { metric: {}, value: [1_780_000_000, String(this.value(query))] };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result: [sample] } }));
  });

  static async start(): Promise<PrometheusStandIn> {
    const started = new PrometheusStandIn();
    started.#server.listen(0, "127.0.0.1");
    await once(started.#server, "listening");
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
