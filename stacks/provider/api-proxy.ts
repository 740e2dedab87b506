import { connect } from "node:net";
import { KeelsonError } from "../../errors.ts";
import { livingWay } from "../../kube/first-living.ts";
import { ByteReader } from "../../remote/byte-reader.ts";
import type { Connection, RunnerPool } from "../../remote/runner.ts";
import { leaveCommand, listenForSocks } from "../../remote/socks.ts";
import type { SocksListener, SocksOptions } from "../../remote/socks.ts";

/** How Pulumi's Kubernetes provider reaches an API server that only the cluster's hosts reach. Holds secrets. */
export interface ApiProxySettings {
  /** The port of this computer that the kubeconfig's `proxy-url` names. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Where API servers listen. */
  readonly apiPort: number;
  /** The control-plane hosts, by name. */
  readonly hosts: Readonly<Record<string, { readonly nodeAddress: string; readonly connection: Connection }>>;
}

export interface ApiProxy {
  close(): Promise<void>;
}

const staggerMs = 3000;
const retryMs = 1000;
const answerMs = 5000;
const attempts = 5;

/**
 * Opens the listener. The engine may start several providers for one cluster in a run, the first ones with the settings
 * of the run before, and two runs may want the same port: the newest has it, and when it ends, another takes it again.
 *
 * @throws KeelsonError KEELSON_LOCKED if another program has the port
 */
export async function openApiProxy(settings: ApiProxySettings, pool: RunnerPool): Promise<ApiProxy> {
  const proxy = new Proxy(settings, pool);
  await proxy.open();
  return proxy;
}

class Proxy implements ApiProxy {
  readonly #options: SocksOptions;
  readonly #listeners: SocksListener[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ port, user, password, apiPort, hosts }: ApiProxySettings, pool: RunnerPool) {
    const ways = Object.entries(hosts).map(
      ([name, { connection, nodeAddress }]) =>
        () =>
          pool.get(name, connection).dial(nodeAddress, apiPort),
    );
    this.#options = {
      port,
      user,
      password,
      // Whatever is asked for, this leads to an API server of the cluster and nowhere else.
      dial: livingWay(ways, staggerMs, (late) => late.destroy()),
      onLeave: () => {
        this.#timer = setInterval(() => void this.#listen().catch(() => undefined), retryMs).unref();
      },
    };
  }

  async open(): Promise<void> {
    for (let attempt = 1; !(await this.#listen()); attempt += 1) {
      if (attempt === attempts || !(await leaves(this.#options))) throw portTaken(this.#options.port);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  async #listen(): Promise<boolean> {
    const listener = await listenIfFree(this.#options);
    if (listener === undefined) return false;
    clearInterval(this.#timer);
    this.#listeners.push(listener);
    return true;
  }
}

async function listenIfFree(options: SocksOptions): Promise<SocksListener | undefined> {
  try {
    return await listenForSocks(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
}

/** Asks the port's owner to leave it: true if it is one of ours that serves the same cluster. */
async function leaves({ port, user, password }: SocksOptions): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  const failed = new AbortController();
  socket.on("error", () => {
    failed.abort();
  });
  const signal = AbortSignal.any([failed.signal, AbortSignal.timeout(answerMs)]);
  const lengthAnd = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const login = [Buffer.from([5, 1, 2, 1]), lengthAnd(user), lengthAnd(password)];
  try {
    socket.write(Buffer.concat([...login, Buffer.from([5, leaveCommand, 0, 1, 0, 0, 0, 0, 0, 0])]));
    return (await new ByteReader(socket, signal).take(6)).equals(Buffer.from([5, 2, 1, 0, 5, 0]));
  } catch {
    // Whoever was there may have ended just now.
    return failed.signal.aborted;
  } finally {
    socket.destroy();
  }
}

function portTaken(port: number): KeelsonError {
  return new KeelsonError(
    "KEELSON_LOCKED",
    `Cannot listen on 127.0.0.1:${String(port)} for the way to the cluster's API: another program does`,
    { fix: "End the program that listens there, or set apiProxyPort" },
  );
}
