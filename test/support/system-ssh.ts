import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Machine } from "../../machines/driver.ts";

export interface SshOptions {
  /** `none` offers no key. @default "fleet" */
  readonly key?: "fleet" | "none";
}

export type Ssh = (command: string, options?: SshOptions) => Promise<string>;

/** Runs a command on the machine with this computer's own `ssh`, trusting the machine's named host key and no other. */
export async function sshTo(
  machine: Machine,
  command: string,
  { key = "fleet" }: SshOptions = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-ssh-"));
  try {
    await writeFile(join(folder, "key"), machine.privateKey, { mode: 0o600 });
    await writeFile(join(folder, "known_hosts"), `${machine.address} ${machine.hostKey}\n`);
    const options = {
      BatchMode: "yes",
      ConnectTimeout: "5",
      IdentitiesOnly: "yes",
      IdentityFile: key === "fleet" ? join(folder, "key") : "none",
      LogLevel: "ERROR",
      StrictHostKeyChecking: "yes",
      UserKnownHostsFile: join(folder, "known_hosts"),
    };
    const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const target = ["-F", "none", "-p", String(machine.port), `${machine.user}@${machine.address}`];
    const { stdout } = await promisify(execFile)("ssh", [...flags, ...target, command]).catch(
      (error: unknown) => {
        const { code, stderr } = error as { code: number; stderr: string };
        throw new Error(`ssh ended with ${String(code)}: ${stderr}`);
      },
    );
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
