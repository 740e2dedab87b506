import "reflect-metadata";
import { webcrypto } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import * as x509 from "@peculiar/x509";

/** One request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  /** Parsed JSON; undefined if there was none. */
  readonly body: unknown;
}

/** The status and the body of an answer; `cut` ends the connection instead. */
export type Answer = { readonly status?: number; readonly body?: unknown } | "cut" | "silence";

/** An HTTPS server in this process that stands in for an API server. */
export interface ApiServer {
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  /** A kubeconfig that trusts the server and presents a token. */
  readonly kubeconfig: string;
  readonly seen: Seen[];
  readonly connections: () => number;
  /** How many of them went on with the TLS session of an earlier one. */
  readonly resumed: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts a server with a certificate of its own that answers as told. */
export async function startApiServer(
  answer: (request: Seen) => Answer | Promise<Answer>,
): Promise<ApiServer> {
  const { certificate, privateKey } = await selfSigned();
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let resumed = 0;
  const server = createServer({ cert: certificate, key: privateKey }, (incoming, outgoing) => {
    void receive(incoming).then(async (request) => {
      seen.push(request);
      reply(outgoing, await answer(request));
    });
  });
  server.on("secureConnection", (socket) => {
    connections += 1;
    if (socket.isSessionReused()) resumed += 1;
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    certificate,
    kubeconfig: kubeconfigFor(`https://127.0.0.1:${port}`, certificate),
    seen,
    connections: () => connections,
    resumed: () => resumed,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A kubeconfig for a server, with a token. */
export function kubeconfigFor(server: string, certificate: string, token = "a-test-token"): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "test",
        cluster: { server, "certificate-authority-data": Buffer.from(certificate).toString("base64") },
      },
    ],
    users: [{ name: "test", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
}

async function receive(incoming: IncomingMessage): Promise<Seen> {
  const text = Buffer.concat((await incoming.toArray()) as Buffer[]).toString();
  const url = new URL(incoming.url ?? "/", "https://server");
  return {
    method: incoming.method ?? "",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: incoming.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

function reply(outgoing: ServerResponse, answer: Answer): void {
  if (answer === "silence") return;
  if (answer === "cut") {
    outgoing.destroy();
    return;
  }
  const { status = 200, body = {} } = answer;
  outgoing.writeHead(status, {
    "content-type": typeof body === "string" ? "text/plain" : "application/json",
  });
  outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
}

async function selfSigned(): Promise<{ certificate: string; privateKey: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=test",
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: "ip", value: "127.0.0.1" },
        { type: "dns", value: "kubernetes" },
      ]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return {
    certificate: certificate.toString("pem"),
    privateKey: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  };
}
