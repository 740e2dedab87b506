import { cpus } from "node:os";
import { ensureRootImage } from "../machines/nspawn/root-image.ts";
import { SshPool } from "../remote/pool.ts";
import { cacheDirectory } from "../toolchain/settings.ts";
import { GrowingCluster } from "../test/support/growing-cluster.ts";
import type { Costs } from "../test/support/growing-cluster.ts";
import { startRealSshd } from "../test/support/real-sshd.ts";
import { makeKey, startSshServer } from "../test/support/ssh-server.ts";
import type { SshServer } from "../test/support/ssh-server.ts";
import { loginsIn } from "./sshd-log.ts";

/**
 * `npm run bench:ssh`: what a bastion with sshd's own limits sees of many hosts behind it, and what one more worker
 * costs. The bastion is OpenSSH's server, the hosts behind it are simulated. Needs Linux and root.
 */
const key = makeKey();
const root = await ensureRootImage(cacheDirectory(process.env));

process.stdout.write(`${cpus()[0]?.model ?? "unknown processor"}\n\n`);
table(
  ["hosts behind one bastion", "connections to it", "logins at once", "dropped dials", "seconds"],
  [
    await crowd("keelson", 10),
    await crowd("keelson", 100),
    await crowd("a connection for each host", 10),
    await crowd("a connection for each host", 100),
  ],
);
table(
  [
    "one more worker beside",
    "SSH commands",
    "logins",
    "API requests",
    "milliseconds",
    "looking at the others: logins",
    "API requests",
  ],
  [await oneMore(1), await oneMore(10), await oneMore(100)],
);

async function crowd(
  how: "keelson" | "a connection for each host",
  count: number,
): Promise<readonly string[]> {
  const bastion = await startRealSshd({ root, authorized: [key.publicKey] });
  const hosts: SshServer[] = [];
  for (let index = 0; index < count; index += 1)
    hosts.push(await startSshServer({ authorized: [key.publicKey] }));
  const shared = new SshPool({ agent: "" });
  const pools = hosts.map(() =>
    how === "keelson" ? shared : new SshPool({ agent: "", dialDeadlineMs: 120_000 }),
  );
  const login = { address: "127.0.0.1", privateKey: key.privateKey };
  const via = { ...login, port: bastion.port, hostKey: bastion.hostKeys.ed25519 };

  const start = performance.now();
  await Promise.all(
    hosts.map(async ({ port }, index) => {
      await pools[index]?.get(String(port), { ...login, port, bastion: via }).run("true");
    }),
  );
  const seconds = (performance.now() - start) / 1000;

  for (const pool of pools) await pool.close();
  for (const host of hosts) await host.stop();
  const { connections, most, dropped } = loginsIn(bastion.log());
  await bastion.stop();
  return [`${String(count)}: ${how}`, ...[connections, most, dropped].map(String), seconds.toFixed(1)];
}

async function oneMore(workers: number): Promise<readonly string[]> {
  const cluster = await GrowingCluster.of(workers);
  const looked = await cluster.lookAtWorkers();
  const added = await cluster.addWorker();
  await cluster.stop();
  const counts = [sum(added.commands), logins(added), added.requests, Math.round(added.milliseconds)];
  return [...[workers, ...counts].map(String), String(sum(looked.commands)), String(looked.requests)];
}

function logins({ commands, dials }: Costs): number {
  return Object.keys(commands).filter((name) => (commands[name] ?? 0) + (dials[name] ?? 0) > 0).length;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  process.stdout.write(line(head) + line(head.map((_, index) => (index === 0 ? "---" : "---:"))));
  process.stdout.write(`${rows.map(line).join("")}\n`);
}
