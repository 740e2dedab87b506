import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { KeelsonError } from "../errors.ts";
import { Masker } from "./mask.ts";
import type { Runner } from "./runner.ts";
import { ShellRunner } from "./shell-runner.ts";
import type { HostProcess, ProcessEnd, Transport } from "./transport.ts";

/** A runner for this machine: commands run in a shell of their own process group. */
export function localRunner(options: { host?: string; masker?: Masker; sudoPassword?: string } = {}): Runner {
  const { host = "localhost", masker = new Masker(), sudoPassword } = options;
  masker.add(sudoPassword);
  const isRoot = process.getuid?.() === 0;
  return new ShellRunner({ host, transport: new LocalTransport(), masker, isRoot, sudoPassword });
}

class LocalTransport implements Transport {
  start(line: string, options: { signal?: AbortSignal | undefined } = {}): Promise<HostProcess> {
    options.signal?.throwIfAborted();
    // Detached: a group of its own, so that ending the command never ends this program.
    const child = spawn("sh", ["-c", line], { detached: true, stdio: "pipe", cwd: "/" });
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once("error", (error) => {
        resolve({ how: "lost", cause: error.message });
      });
      child.once("close", (code, signal) => {
        resolve(code === null ? { how: "signalled", signal: signal ?? "unknown" } : { how: "exited", code });
      });
    });
    const exited = new Promise<void>((resolve) => {
      child.once("exit", () => {
        resolve();
      });
    });
    const { stdin, stdout, stderr } = child;
    const abandon = (): void => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    };
    return Promise.resolve({ stdin, stdout, stderr, exited, ended, abandon });
  }

  async dial(address: string, port: number): Promise<Duplex> {
    const socket = connect(port, address);
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      socket.destroy();
      const reason = error instanceof Error ? error.message : String(error);
      throw new KeelsonError("KEELSON_HOST_UNREACHABLE", `Cannot reach ${address}:${port}: ${reason}`);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
