import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../remote/wait.ts";
import { standIns } from "./stand-ins.ts";

/** The agent of OpenSSH, with a socket of its own. */
export interface SshAgent {
  readonly socket: string;
  /** Takes a private key's file; "open sesame" opens it if it is encrypted. */
  add(key: string): void;
  stop(): Promise<void>;
}

/** Starts an agent whose socket is in the folder. */
export async function sshAgent(folder: string): Promise<SshAgent> {
  const socket = join(folder, "agent");
  const agent: ChildProcess = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) =>
    agent.once("close", () => {
      resolve();
    }),
  );
  const asks = await standIns({ ask: `echo "open sesame"` });
  const env = {
    ...process.env,
    SSH_AUTH_SOCK: socket,
    SSH_ASKPASS: join(asks.path, "ask"),
    SSH_ASKPASS_REQUIRE: "force",
  };
  await waitFor({
    what: "the agent's socket",
    deadlineMs: 10_000,
    probe: () => Promise.resolve(existsSync(socket) || undefined),
  });
  return {
    socket,
    add: (key) => {
      execFileSync("ssh-add", ["-q", key], { env, stdio: "ignore" });
    },
    stop: async () => {
      agent.kill();
      await ended;
      await asks.remove();
    },
  };
}
