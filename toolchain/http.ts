import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { AgentOptions, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface HttpOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read from it. */
  readonly env: NodeJS.ProcessEnv;
  /** In milliseconds. */
  readonly connectTimeout: number;
  /** In milliseconds. */
  readonly idleTimeout: number;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

const maxRedirects = 5;

/** Sends one GET request and follows redirects; credentials are sent to the first host only. */
export async function request(url: string, options: HttpOptions): Promise<Answer> {
  let address = new URL(url);
  let headers = options.headers;
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const body = await send(address, { ...options, headers });
    const status = body.statusCode ?? 0;
    const { location } = body.headers;
    if (status < 300 || status >= 400 || location === undefined)
      return { status, headers: body.headers, body };
    body.resume();
    const next = new URL(location, address);
    if (next.protocol !== address.protocol && next.protocol !== "https:") {
      throw new Error(`redirected from "${address.protocol}" to "${next.protocol}"`);
    }
    if (next.host !== address.host) headers = withoutCredentials(headers);
    address = next;
  }
  throw new Error(`more than ${maxRedirects} redirects`);
}

async function send(address: URL, options: HttpOptions): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const { connectTimeout, idleTimeout, signal } = options;
    const settings: RequestOptions = {
      headers: { "user-agent": "keelson", ...options.headers },
      agent: agentFor(address, options.env),
      timeout: idleTimeout,
      ...(signal ? { signal } : {}),
    };
    const sent =
      address.protocol === "https:" ? httpsRequest(address, settings) : httpRequest(address, settings);
    const timer = setTimeout(() => {
      sent.destroy(
        Object.assign(new Error(`no connection within ${connectTimeout} ms`), { code: "ECONNECTTIMEOUT" }),
      );
    }, connectTimeout);
    sent.on("socket", (socket) => {
      const connected = (): void => {
        clearTimeout(timer);
      };
      if (!socket.connecting) connected();
      else socket.once("connect", connected);
    });
    sent.on("timeout", () => {
      sent.destroy(new Error(`no byte within ${idleTimeout} ms`));
    });
    sent.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.on("response", (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    sent.end();
  });
}

function agentFor(address: URL, env: NodeJS.ProcessEnv): HttpAgent {
  // The type definitions do not know it yet.
  const settings: AgentOptions & { readonly proxyEnv: NodeJS.ProcessEnv } = { proxyEnv: env };
  return address.protocol === "https:" ? new HttpsAgent(settings) : new HttpAgent(settings);
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"),
  );
}
