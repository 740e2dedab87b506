import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyObjects } from "../../../kube/apply.ts";
import { kubeClient } from "../../../kube/client.ts";
import type { KubeClient } from "../../../kube/client.ts";
import type { KubeObject } from "../../../kube/object.ts";
import { ResourcePaths } from "../../../kube/resource-paths.ts";
import { waitFor } from "../../../remote/wait.ts";
import { type ApiServerPrograms, resolveApiServer } from "../../../toolchain/checkers.ts";

const fieldManager = "keelson-test";
const startDeadlineMs = 120_000;
const atOnce = 8;

/** What a server said of an object. */
export interface Verdict {
  /** Empty if the object was accepted. */
  readonly refusal: string;
  readonly warnings: readonly string[];
}

/** A real API server with an etcd of its own, on loopback. There are no nodes and no controllers. */
export class ApiServer {
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];
  readonly #token = randomBytes(16).toString("hex");
  #port = 0;
  #ca = "";
  #agent = new Agent();
  #client: KubeClient | undefined;
  #paths: ResourcePaths | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a server of a version, and waits until it is ready. */
  static async start(version: string): Promise<ApiServer> {
    const server = new ApiServer(await mkdtemp(join(tmpdir(), `keelson-apiserver-${version}-`)));
    try {
      await server.#run(await resolveApiServer(version));
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#client?.close();
    this.#agent.destroy();
    for (const child of this.#children.reverse()) {
      if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL"))
        await once(child, "exit");
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Keeps objects: definitions and namespaces that others need. */
  async apply(objects: readonly KubeObject[]): Promise<void> {
    await applyObjects(this.#ready.client, objects, { fieldManager });
  }

  /** What the server would say if each object were applied alone, in the order of the objects. */
  async dryRun(objects: readonly KubeObject[]): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = [];
    const waiting = objects.entries();
    const lane = async (): Promise<void> => {
      for (const [index, object] of waiting) verdicts[index] = await this.#judge(object);
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return verdicts;
  }

  get #ready(): { readonly client: KubeClient; readonly paths: ResourcePaths } {
    if (this.#client === undefined || this.#paths === undefined) throw new Error("The server does not run");
    return { client: this.#client, paths: this.#paths };
  }

  async #run(programs: ApiServerPrograms): Promise<void> {
    const [store, peers, port] = await freePorts(3);
    this.#port = port ?? 0;
    const url = `http://127.0.0.1:${store}`;
    this.#spawn(programs.etcd, [
      `--data-dir=${join(this.#folder, "etcd")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peers}`,
      "--unsafe-no-fsync",
    ]);
    const { privateKey, publicKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const key = await this.#write("account.key", privateKey);
    const published = await this.#write("account.pub", publicKey);
    const tokens = await this.#write("tokens.csv", `${this.#token},admin,admin,system:masters\n`);
    this.#spawn(programs.apiServer, [
      `--etcd-servers=${url}`,
      `--secure-port=${this.#port}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      `--cert-dir=${join(this.#folder, "certificates")}`,
      "--service-cluster-ip-range=10.96.0.0/16",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-signing-key-file=${key}`,
      `--service-account-key-file=${published}`,
      `--token-auth-file=${tokens}`,
      "--authorization-mode=AlwaysAllow",
      "--allow-privileged",
    ]);
    await this.#connect();
  }

  /** The server makes its own certificate, and with it the authority that the client trusts. */
  async #connect(): Promise<void> {
    const path = join(this.#folder, "certificates/apiserver.crt");
    await waitFor({
      what: "the API server to be ready",
      deadlineMs: startDeadlineMs,
      probe: async () => {
        const ended = this.#children.find(({ exitCode }) => exitCode !== null);
        if (ended !== undefined) throw new Error(`Cannot start an API server:\n${await this.#lastLines()}`);
        const ca = await readFile(path, "utf8").catch(() => undefined);
        if (ca === undefined) return undefined;
        const client = (this.#client ??= await kubeClient({ kubeconfig: this.#kubeconfig(ca) }));
        this.#paths ??= new ResourcePaths(client);
        // A server that is not ready says so with an error.
        const answer = await client.find("/readyz").catch((error: unknown) => (error as Error).message);
        this.#ca = ca;
        return answer === "ok" ? true : undefined;
      },
      diagnose: () => this.#lastLines(),
    });
    this.#agent = new Agent({ ca: this.#ca, keepAlive: true, maxSockets: atOnce });
  }

  #kubeconfig(ca: string): string {
    const named = (kind: string, value: object): object => ({ name: "test", [kind]: value });
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [
        named("cluster", {
          server: `https://127.0.0.1:${this.#port}`,
          "certificate-authority-data": Buffer.from(ca).toString("base64"),
        }),
      ],
      users: [named("user", { token: this.#token })],
      contexts: [named("context", { cluster: "test", user: "test" })],
    });
  }

  async #judge(object: KubeObject): Promise<Verdict> {
    const path = await this.#ready.paths.of(object).catch((error: unknown) => error as Error);
    if (path instanceof Error) return { refusal: path.message, warnings: [] };
    const query = `dryRun=All&fieldValidation=Strict&fieldManager=${fieldManager}&force=true`;
    const outgoing = request({
      agent: this.#agent,
      host: "127.0.0.1",
      port: this.#port,
      method: "PATCH",
      path: `${path}?${query}`,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        "Content-Type": "application/apply-patch+yaml",
      },
    });
    outgoing.end(JSON.stringify(object));
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const refused = (answer.statusCode ?? 0) >= 400;
    return {
      refusal: refused ? (JSON.parse(text) as { message: string }).message : "",
      warnings: [answer.headers["warning"] ?? []].flat().map(String),
    };
  }

  #spawn(program: string, args: readonly string[]): void {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const log = createWriteStream(this.#log, { flags: "a" });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#children.push(child);
  }

  get #log(): string {
    return join(this.#folder, "log");
  }

  async #lastLines(): Promise<string> {
    return (await readFile(this.#log, "utf8").catch(() => "")).split("\n").slice(-20).join("\n");
  }

  async #write(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map(async (server) => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}
