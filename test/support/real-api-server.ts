import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeClient, type KubeClient } from "../../kube/client.ts";
import { waitFor } from "../../remote/wait.ts";
import { resolveApiServer } from "../../toolchain/checkers.ts";
import { defaultKubernetes } from "../../toolchain/versions.ts";
import { kubeconfigFor } from "./api-server.ts";

/** A kube-apiserver with an etcd of its own on the loopback interface: a cluster without nodes and controllers. */
export interface RealApiServer {
  readonly access: ApiServerAccess;
  /** An administrator's. */
  readonly kubeconfig: string;
  /** The same as a file of mode 0600, for kubectl. */
  readonly kubeconfigPath: string;
  readonly client: KubeClient;
  /** Ends both programs and removes what they wrote. */
  readonly stop: () => Promise<void>;
}

/** How an administrator reaches the server. */
export interface ApiServerAccess {
  readonly url: string;
  readonly certificate: string;
  readonly token: string;
}

export interface RealApiServerOptions {
  /** @default the default minor's patch */
  readonly version?: string;
  /** Whether many of them are to stand still on one computer: they then look after themselves seldom. @default false */
  readonly isOneOfMany?: boolean;
  /** URL of an etcd that is there. @default - one of its own */
  readonly etcd?: string;
}

/** Starts the programs that the toolchain has for a version of Kubernetes, and waits until they serve. */
export async function startRealApiServer({
  version = defaultKubernetes,
  isOneOfMany = false,
  etcd,
}: RealApiServerOptions = {}): Promise<RealApiServer> {
  const programs = await resolveApiServer(version);
  const folder = await mkdtemp(join(tmpdir(), "keelson-api-server-"));
  const started: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of started.reverse()) await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [client, peer, secure] = await freePorts(3);
    const etcdUrl = etcd ?? `http://127.0.0.1:${client}`;
    const etcdFlags = [
      ...etcdArgs(folder, etcdUrl, `http://127.0.0.1:${peer}`),
      ...(isOneOfMany ? quietEtcd : []),
    ];
    if (etcd === undefined) started.push(run(programs.etcd, etcdFlags, folder));
    const token = randomBytes(16).toString("hex");
    await writeSecrets(folder, token);
    started.push(
      run(
        programs.apiServer,
        [...serverArgs(folder, etcdUrl, Number(secure)), ...(isOneOfMany ? quietServer : [])],
        folder,
      ),
    );
    const url = `https://127.0.0.1:${secure}`;
    const certificate = await waitForCertificate(started, folder);
    const kubeconfig = kubeconfigFor(url, certificate, token);
    const kubeconfigPath = join(folder, "kubeconfig");
    await writeFile(kubeconfigPath, kubeconfig, { mode: 0o600 });
    const connection = await kubeClient({ kubeconfig });
    await waitUntilReady(connection, started, folder);
    return {
      access: { url, certificate, token },
      kubeconfig,
      kubeconfigPath,
      client: connection,
      stop: async () => {
        connection.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

// A beat every half second instead of every tenth, and nothing that is only counted or compacted.
const quietEtcd = ["--heartbeat-interval=500", "--election-timeout=2500"];

const quietServer = [
  "--watch-cache=false",
  "--enable-priority-and-fairness=false",
  "--etcd-compaction-interval=0",
  "--etcd-count-metric-poll-period=0",
  "--etcd-db-metric-poll-interval=0",
];

function etcdArgs(folder: string, client: string, peer: string): readonly string[] {
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

function serverArgs(folder: string, etcdUrl: string, port: number): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    // It makes a certificate of its own for the address.
    `--cert-dir=${join(folder, "certificates")}`,
    `--token-auth-file=${join(folder, "tokens")}`,
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(folder, "service-account.key")}`,
    `--service-account-signing-key-file=${join(folder, "service-account.key")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    // A loopback address cannot be an endpoint of the Service "kubernetes".
    "--endpoint-reconciler-type=none",
    // As kubeadm has it: whether a pod may be privileged is for Pod Security to say.
    "--allow-privileged",
  ];
}

async function writeSecrets(folder: string, token: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "sec1", format: "pem" },
  });
  await writeFile(join(folder, "tokens"), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  await writeFile(join(folder, "service-account.key"), privateKey, { mode: 0o600 });
}

function run(program: string, args: readonly string[], folder: string): ChildProcess {
  const log = createWriteStream(join(folder, "log"), { flags: "a" });
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  child.once("error", (error) => {
    log.write(`${program}: ${error.message}\n`);
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  // Nothing of it is kept, so there is nothing to be put in order.
  child.kill("SIGKILL");
  await ended;
}

/** The server makes its own certificate, which is the authority that clients trust. */
async function waitForCertificate(started: readonly ChildProcess[], folder: string): Promise<string> {
  return await waitFor({
    what: "the API server's certificate",
    deadlineMs: 120_000,
    probe: async () => {
      await mustRun(started, folder);
      const text = await readFile(join(folder, "certificates", "apiserver.crt"), "utf8").catch(() => "");
      return text === "" ? undefined : text;
    },
    diagnose: () => lastLines(folder),
  });
}

async function waitUntilReady(
  client: KubeClient,
  started: readonly ChildProcess[],
  folder: string,
): Promise<void> {
  await waitFor({
    what: "the API server to be ready",
    deadlineMs: 120_000,
    probe: async () => {
      await mustRun(started, folder);
      try {
        await client.request({ path: "/readyz" });
        return await client.find<object>("/api/v1/namespaces/default");
      } catch {
        return undefined;
      }
    },
    diagnose: () => lastLines(folder),
  });
}

async function mustRun(started: readonly ChildProcess[], folder: string): Promise<void> {
  if (started.some(({ exitCode, pid }) => exitCode !== null || pid === undefined))
    throw new Error(`Cannot start an API server: it has ended\n${await lastLines(folder)}`);
}

async function lastLines(folder: string): Promise<string> {
  return (await readFile(join(folder, "log"), "utf8")).split("\n").slice(-5).join("\n");
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}
