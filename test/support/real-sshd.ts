import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../remote/wait.ts";

export interface RealSshdOptions {
  /** The folder of a root image that has OpenSSH's server; nothing is written to it. */
  readonly root: string;
  /** Public keys that open the server, for root. */
  readonly authorized: readonly string[];
  /** Lines of sshd_config beyond the distribution's own, which come first. @default [] */
  readonly settings?: readonly string[];
  /** Shell commands as root before the server starts: users, other programs. @default "" */
  readonly setup?: string;
  /** @default - any free one */
  readonly port?: number;
}

/** OpenSSH's own server on a port of 127.0.0.1, in a root of its own that goes with it. */
export interface RealSshd {
  readonly port: number;
  /** Its public keys, by type: `ssh-ed25519 AAAA…`. */
  readonly hostKeys: Readonly<Record<"ed25519" | "ecdsa" | "rsa", string>>;
  /** What it has logged so far. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** `ssh-keygen -A` makes a key of each type, as a distribution's first boot does. */
const script = `set -e
folder=$1 lower=$2 port=$3 keys=$4 settings=$5 setup=$6
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cd "$folder/root"
mount --rbind /dev dev
mount -t proc proc proc
mkdir -p run/sshd root/.ssh
chmod 700 root root/.ssh
printf '%s\\n' "$keys" >root/.ssh/authorized_keys
chroot . sh -ec "$setup" </dev/null >&2
rm -f etc/ssh/ssh_host_*
chroot . ssh-keygen -A >/dev/null
{ printf '%s\\n' "Port $port" 'ListenAddress 127.0.0.1' 'LogLevel VERBOSE' "$settings"; cat etc/ssh/sshd_config; } >etc/ssh/test_config
for type in ed25519 ecdsa rsa; do cut -d ' ' -f 1-2 etc/ssh/ssh_host_\${type}_key.pub; done
exec chroot . /usr/sbin/sshd -D -e -f /etc/ssh/test_config`;

/** Starts the server; it ends with this process, however that ends. Needs root. */
export async function startRealSshd(options: RealSshdOptions): Promise<RealSshd> {
  const { root, authorized, settings = [], setup = "" } = options;
  const folder = await mkdtemp(join(tmpdir(), "keelson-sshd-"));
  const port = options.port ?? (await freePort());
  const words = [folder, root, String(port), authorized.join("\n"), settings.join("\n"), setup];
  const contained = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"];
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "unshare", ...contained, "sh", "-c", script, "sh", ...words],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const said = { out: "", log: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.log += chunk.toString()));
  const ended = new Promise<void>((resolve) =>
    child.once("close", () => {
      resolve();
    }),
  );
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([
      ended.then(() => Promise.reject(new Error(`sshd ended: ${said.log}`))),
      waitFor({
        what: "sshd to listen",
        deadlineMs: 30_000,
        probe: () => Promise.resolve(said.log.includes("Server listening on") || undefined),
      }),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  const [ed25519 = "", ecdsa = "", rsa = ""] = said.out.split("\n");
  return { port, hostKeys: { ed25519, ecdsa, rsa }, log: () => said.log, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
