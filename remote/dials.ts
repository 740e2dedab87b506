import { Limiter } from "./limiter.ts";

/** sshd begins to drop connections that have not logged in when there are ten of them (MaxStartups 10:30:100). */
const mostPerServer = 5;

/** Bounds how many logins are under way at once: all together, and at each server. */
export class Dials {
  readonly #all: Limiter;
  readonly #servers = new Map<string, Limiter>();

  constructor(limit: number) {
    this.#all = new Limiter(limit);
  }

  /** Waits for a place and takes it; the result gives it back. */
  async enter(server: string): Promise<() => void> {
    const limiter = this.#servers.get(server) ?? new Limiter(mostPerServer);
    this.#servers.set(server, limiter);
    // The server's place first: whoever waits for one server must not keep the others waiting.
    const leaveServer = await limiter.enter();
    const leaveAll = await this.#all.enter();
    return () => {
      leaveAll();
      leaveServer();
    };
  }
}
