import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import { readAccess } from "./access.ts";
import type { Access } from "./access.ts";
import { DialingAgent } from "./dialing-agent.ts";
import type { Dial } from "./dialing-agent.ts";
import { hasStatus, KubeError } from "./errors.ts";
import { isEtcdFailure } from "./etcd-failure.ts";
import type { KubeObject } from "./object.ts";
import { pastStart } from "./starting.ts";

const defaultTimeoutMs = 15_000;
const longestAnswer = 256 * 1024 * 1024;
const tries = 4;
const quickMs = 5000;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface KubeRequest {
  /** @default "GET" */
  readonly method?: Method;
  /** Absolute path, `/api/v1/nodes` for example. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default "application/json" */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** For one try, in milliseconds. @default 15000 */
  readonly timeoutMs?: number;
}

export interface KubeClientOptions {
  /** A secret. */
  readonly kubeconfig: string;
  /** Ways to the API server, tried in order until one answers. @default - a direct connection */
  readonly dials?: readonly Dial[];
  /** The name that the server's certificate must have. @default - the kubeconfig's */
  readonly serverName?: string;
  /**
   * How many requests wait for busy connections before another one is opened, which takes as long as three requests and
   * as much of a processor as ten. A slow request then holds up others.
   * @default 0
   */
  readonly maxWaiting?: number;
  /**
   * How long a request may have no connection, in milliseconds, before its server counts as silent and is not tried again.
   * @default - as long as its answer may take
   */
  readonly connectingMs?: number;
}

/** A thin client: raw JSON in and out, so no field is lost that a model does not know. */
export interface KubeClient {
  /**
   * Sends one request. Reading requests, and those that may be repeated, are tried again when the connection fails, the
   * server asks for patience or its etcd fails it; one that reads asks another server when this one is sick. A server that
   * forbids something while it starts is waited for.
   *
   * @throws KubeError if the server answered with an error
   * @throws KeelsonError KEELSON_API_UNAVAILABLE if no way led to the server; KEELSON_ABORTED
   */
  request<Answer>(request: KubeRequest): Promise<Answer>;
  /** Reads one path; undefined if there is nothing there. */
  find<Answer>(
    path: string,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<Answer | undefined>;
  /** Ends the connections. */
  close(): void;
}

/** Makes a client for the current context of a kubeconfig. */
export async function kubeClient(options: KubeClientOptions): Promise<KubeClient> {
  const read = await readAccess(options.kubeconfig, options.dials !== undefined);
  const { serverName: servername, dials = [dialDirectly], maxWaiting = 0, connectingMs = Infinity } = options;
  const access = servername === undefined ? read : { ...read, tls: { ...read.tls, servername } };
  const agent = new DialingAgent(access, { dials, maxWaiting });
  const once = async <Answer>(wanted: KubeRequest, tell?: Tell): Promise<Answer> =>
    send<Answer>(
      { access, agent, headers: await access.headers(), connectingMs, ...(tell && { tell }) },
      wanted,
    );
  const request = <Answer>(wanted: KubeRequest): Promise<Answer> =>
    pastStart({
      what: describe(wanted),
      send: () => withRetries(wanted, agent, (tell) => once<Answer>(wanted, tell)),
      isReady: () => isReady(once, wanted.signal),
      ...(wanted.signal && { signal: wanted.signal }),
    });
  return {
    request,
    find: async (path, { signal, timeoutMs } = {}) => {
      try {
        return await request({
          path,
          ...(signal && { signal }),
          ...(timeoutMs !== undefined && { timeoutMs }),
        });
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },
    close: () => {
      agent.destroy();
    },
  };
}

/** Everybody may ask whether a server is ready; as long as it knows no roles, this is forbidden, too. */
async function isReady(
  ask: (request: KubeRequest) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await ask({ path: "/readyz", timeoutMs: quickMs, ...(signal && { signal }) });
    return true;
  } catch (error) {
    if (KeelsonError.is(error) && error.code !== "KEELSON_ABORTED") return false;
    throw error;
  }
}

function dialDirectly(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: defaultTimeoutMs });
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer in time")));
    socket.once("error", reject);
  });
}

async function withRetries<Answer>(
  request: KubeRequest,
  agent: DialingAgent,
  work: (tell: Tell) => Promise<Answer>,
): Promise<Answer> {
  const what = describe(request);
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(request.signal, what);
    const began = performance.now();
    const { turns } = agent;
    const told = new Set<Trouble>();
    try {
      return await work((trouble) => told.add(trouble));
    } catch (error) {
      throwIfAborted(request.signal, what);
      const isSick = told.has("sick");
      if (isSick) agent.shun(turns);
      // A failure that took long has waited enough already, at this server; etcd itself takes seven seconds to give up.
      const isQuick = (performance.now() - began < quickMs && !told.has("silent")) || isEtcdFailure(error);
      const goesOn = attempt < tries && isQuick && isWorthAnotherTry(request, error);
      if (!goesOn && !(isSick && isReading(request) && attempt <= agent.others)) throw error;
      await pause(200 * 2 ** attempt, undefined, { signal: request.signal }).catch(() => undefined);
    }
  }
}

function isReading({ method = "GET" }: KubeRequest): boolean {
  return method === "GET";
}

function isWorthAnotherTry(request: KubeRequest, error: unknown): boolean {
  if (isEtcdFailure(error)) return isRepeatable(request);
  // The server did not begin with a request that it refused for now, so any of them may be sent again.
  if (error instanceof KubeError)
    return error.reason !== "" && [429, 503].includes(error.status) && !isEviction(error);
  return request.method !== "POST" && KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE";
}

/** Whether a request that has happened does and says the same once more: none that makes, deletes, or names a version it saw. */
function isRepeatable({ method = "GET", body }: KubeRequest): boolean {
  if (method !== "PATCH") return method === "GET";
  return (body as { metadata?: KubeObject["metadata"] } | undefined)?.metadata?.resourceVersion === undefined;
}

/** A disruption budget refuses with 429 as well: that is an answer for the caller to decide on. */
function isEviction(error: KubeError): boolean {
  return error.status === 429 && error.causes.length > 0;
}

/** A sick server takes connections and does not serve; a silent one does not even take them. */
type Trouble = "sick" | "silent";
type Tell = (trouble: Trouble) => void;

interface Way {
  readonly access: Access;
  readonly agent: DialingAgent;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectingMs: number;
  readonly tell?: Tell;
}

/** What an API server answers that does not reach its etcd. */
const sickStatuses = new Set([500, 504]);

function send<Answer>(way: Way, request: KubeRequest): Promise<Answer> {
  const { access, agent, headers, connectingMs, tell } = way;
  const { method = "GET", path, query, body, contentType = "application/json" } = request;
  const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(unavailable(request, access, error));
    };
    const ends = agent.begin();
    const outgoing = httpsRequest(
      {
        agent,
        host: access.host,
        port: access.port,
        method,
        path: `${access.basePath}${path}${search}`,
        headers: {
          ...headers,
          Accept: "application/json",
          ...(payload && { "Content-Type": contentType, "Content-Length": payload.length }),
        },
        ...(request.signal && { signal: request.signal }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > longestAnswer) answer.destroy(new Error("the answer is too long"));
          else chunks.push(chunk);
        });
        answer.once("error", fail);
        answer.once("end", () => {
          if (sickStatuses.has(answer.statusCode ?? 0)) tell?.("sick");
          settle(request, answer.statusCode ?? 0, Buffer.concat(chunks).toString("utf8"), {
            resolve: (body) => {
              resolve(body as Answer);
            },
            reject,
          });
        });
      },
    );
    const patienceMs = request.timeoutMs ?? defaultTimeoutMs;
    agent.limitConnecting(outgoing, Math.min(patienceMs, connectingMs), () => {
      tell?.("silent");
      fail(new Error("no connection in time"));
      outgoing.destroy();
    });
    outgoing.setTimeout(patienceMs, () => {
      tell?.("sick");
      outgoing.destroy(new Error("no answer in time"));
    });
    outgoing.once("error", fail).once("close", ends);
    outgoing.end(payload);
  });
}

function settle(
  request: KubeRequest,
  status: number,
  text: string,
  promise: { resolve: (answer: unknown) => void; reject: (error: Error) => void },
): void {
  if (status >= 400) promise.reject(new KubeError(describe(request), status, text));
  else promise.resolve(parseAnswer(text));
}

/** Health endpoints answer with plain text, everything else with JSON. */
function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unavailable(request: KubeRequest, access: Access, error: Error): KeelsonError {
  if (KeelsonError.is(error)) return error;
  if (request.signal?.aborted === true) {
    return new KeelsonError("KEELSON_ABORTED", `Cannot ${describe(request)}: the run was cancelled`);
  }
  return new KeelsonError(
    "KEELSON_API_UNAVAILABLE",
    `Cannot ${describe(request)} at ${access.host}:${String(access.port)}: ${error.message}`,
    { cause: error },
  );
}

function describe({ method = "GET", path }: KubeRequest): string {
  const verbs: Record<Method, string> = {
    GET: "read",
    POST: "create in",
    PUT: "replace",
    PATCH: "change",
    DELETE: "delete",
  };
  return `${verbs[method]} ${path}`;
}
