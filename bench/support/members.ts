import { namespace } from "../../test/support/objects.ts";
import { type RealApiServer, startRealApiServer } from "../../test/support/real-api-server.ts";
import type { BenchMember } from "../fleet-program/index.ts";
import { SlowWay } from "./slow-way.ts";

/** Many clusters on few API servers: each is a namespace behind an endpoint of its own. */
export class Members {
  readonly all: BenchMember[] = [];
  readonly #servers: RealApiServer[] = [];
  readonly #ways: SlowWay[] = [];

  /** Starts the servers, a few at a time; the members' round trips take turns, in milliseconds. */
  async start(servers: number, members: number, roundTripsMs: readonly number[]): Promise<void> {
    while (this.#servers.length < servers) {
      const started = await Promise.allSettled(
        Array.from({ length: Math.min(3, servers - this.#servers.length) }, () =>
          startRealApiServer({ isOneOfMany: true }),
        ),
      );
      for (const one of started) if (one.status === "fulfilled") this.#servers.push(one.value);
      for (const one of started) if (one.status === "rejected") throw one.reason;
    }
    for (let index = 0; index < members; index += 1) {
      const server = this.#servers[index % servers];
      if (server === undefined) throw new Error("There is no API server");
      await this.#add(server, `member-${index}`, roundTripsMs[index % roundTripsMs.length] ?? 0);
    }
  }

  /** The way to a member; a negative place counts from the end. */
  way(place: number): SlowWay {
    const way = this.#ways.at(place);
    if (way === undefined) throw new Error(`There is no member ${place}`);
    return way;
  }

  async close(): Promise<void> {
    for (const way of this.#ways) way.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  async #add(server: RealApiServer, name: string, roundTripMs: number): Promise<void> {
    await server.client.request({ method: "POST", path: "/api/v1/namespaces", body: namespace(name) });
    const address = /127\.0\.0\.1:(\d+)/u;
    const way = await SlowWay.to(Number(address.exec(server.kubeconfig)?.[1]), roundTripMs);
    this.#ways.push(way);
    const kubeconfig = server.kubeconfig.replace(address, `127.0.0.1:${way.port}`);
    this.all.push({ name, namespace: name, kubeconfig });
  }
}
