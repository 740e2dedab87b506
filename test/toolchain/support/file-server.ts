import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one request in an unusual way; true if it did. */
export type Twist = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An HTTP server on this machine that serves files from memory, with ranges, as official places do. */
export class FileServer {
  readonly files = new Map<string, Buffer | string>();
  /** `GET /path` or `GET /path bytes=5-` for every request. */
  readonly requests: string[] = [];
  twist: Twist = () => false;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range } = request.headers;
    this.requests.push([request.method, request.url, range].filter((part) => part !== undefined).join(" "));
    if (this.twist(request, response)) return;
    const found = this.files.get(request.url ?? "");
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    const body = Buffer.from(found);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    if (from >= body.length && from > 0) response.writeHead(416).end();
    else
      response
        .writeHead(from > 0 ? 206 : 200, { "content-length": body.length - from })
        .end(body.subarray(from));
  }
}

export function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}
