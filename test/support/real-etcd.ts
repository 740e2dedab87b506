import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../remote/wait.ts";
import { etcd } from "../../toolchain/host-programs.ts";
import { defaultKubernetes } from "../../toolchain/index.ts";
import { resolveArtifact } from "../../toolchain/resolve.ts";
import { settings } from "../../toolchain/settings.ts";
import { releaseOf } from "../../toolchain/versions.ts";
import { runCommand } from "./command.ts";
import { FakeRunner } from "./fake-runner.ts";

/** Members of one real etcd in processes of this computer, without certificates. */
export class RealEtcd {
  /** The URLs for clients. */
  readonly urls: readonly string[];
  readonly #folder: string;
  readonly #programs: string;
  readonly #members: ChildProcess[] = [];

  private constructor(folder: string, programs: string, urls: readonly string[]) {
    this.#folder = folder;
    this.#programs = programs;
    this.urls = urls;
  }

  /** Starts that many members, whose files may have so many bytes. */
  static async start(count: number, quota: number): Promise<RealEtcd> {
    const artifact = etcd(releaseOf(defaultKubernetes).etcd);
    const { directory } = await resolveArtifact(artifact, settings());
    const ports = await Promise.all(Array.from({ length: count * 2 }, freePort));
    const urls = ports.map((port) => `http://127.0.0.1:${String(port)}`);
    const clients = urls.slice(0, count);
    const peers = urls.slice(count);
    const etcds = new RealEtcd(await mkdtemp(join(tmpdir(), "keelson-etcd-")), directory, clients);
    const cluster = peers.map((url, index) => `m${String(index)}=${url}`).join();
    for (const [index, url] of clients.entries()) {
      const name = `m${String(index)}`;
      const [client, peer] = [url, peers[index] ?? ""];
      const flags = {
        ...{ name, "data-dir": join(etcds.#folder, name), "quota-backend-bytes": String(quota) },
        ...{ "listen-client-urls": client, "advertise-client-urls": client },
        ...{ "listen-peer-urls": peer, "initial-advertise-peer-urls": peer, "initial-cluster": cluster },
      };
      const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
      etcds.#members.push(spawn(join(directory, "etcd"), args, { stdio: "ignore" }));
    }
    await waitFor({
      what: "etcd to answer",
      deadlineMs: 60_000,
      probe: async () => ((await etcds.ctl("get", "none")).exitCode === 0 ? true : undefined),
    });
    return etcds;
  }

  ctl(...args: readonly string[]): ReturnType<typeof runCommand> {
    const program = join(this.#programs, "etcdctl");
    return runCommand(program, [...args, `--endpoints=${this.urls.join()}`]);
  }

  /** A host on which keelson's scripts find this etcd where a control plane's is. */
  runner(name: string): FakeRunner {
    const own = this.urls[0] ?? "";
    const etcdctl = `etcd() { '${join(this.#programs, "etcdctl")}' --command-timeout=4s "$@"; }`;
    const run = async (_: string, stdin: string): Promise<{ exitCode: number; stdout: string }> => {
      const script = stdin
        .replaceAll("https://127.0.0.1:2379", own)
        .replace(/^etcd\(\) \{.*\}$/m, () => etcdctl);
      const { exitCode, stdout } = await runCommand("sh", ["-c", script]);
      return { exitCode, stdout };
    };
    return new FakeRunner(name, [
      ["sh -s", run],
      [/flock/, "held\n"],
    ]);
  }

  /** Takes its majority from the first member: all others stand still. */
  pause(): void {
    for (const member of this.#members.slice(1)) member.kill("SIGSTOP");
  }

  resume(): void {
    for (const member of this.#members.slice(1)) member.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    for (const member of this.#members) {
      const ended = once(member, "exit");
      if (member.exitCode === null && member.kill("SIGKILL")) await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
