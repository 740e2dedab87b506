// Local machines by hand: `npm run machines -- create <fleet> <name…>`, `list <fleet>`, `ssh <name> [command]`,
// `reboot|off|start|destroy <name…>`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localMachines, type Machine } from "../machines/index.ts";

const driver = localMachines();
const onProgress = (line: string): void => {
  console.error(line);
};

const actions: Record<string, (args: readonly string[]) => Promise<unknown>> = {
  create: async ([fleet = "", ...names]) => {
    const machines = await Promise.all(names.map((name) => driver.create({ fleet, name }, { onProgress })));
    for (const { name, address, mirror } of machines) console.log(`${name}\t${address}\t${mirror}`);
  },
  list: async ([fleet = ""]) => {
    for (const name of await driver.list(fleet)) {
      const found = await driver.inspect(name);
      console.log(`${name}\t${found?.machine.address ?? "-"}\t${found?.status ?? "half-made"}`);
    }
  },
  ssh: async ([name = "", ...command]) => {
    const found = await driver.inspect(name);
    if (found === undefined) throw new Error(`Cannot reach machine "${name}": there is none of that name`);
    process.exitCode = ssh(found.machine, command);
  },
  reboot: (names) => Promise.all(names.map((name) => driver.reboot(name, { onProgress }))),
  off: (names) => Promise.all(names.map((name) => driver.powerOff(name))),
  start: (names) => Promise.all(names.map((name) => driver.start(name, { onProgress }))),
  destroy: (names) => Promise.all(names.map((name) => driver.destroy(name, { onProgress }))),
};

function ssh(machine: Machine, command: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), "keelson-ssh-"));
  try {
    writeFileSync(join(folder, "key"), machine.privateKey, { mode: 0o600 });
    writeFileSync(join(folder, "known_hosts"), `${machine.address} ${machine.hostKey}\n`);
    const trust = ["-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "StrictHostKeyChecking=yes"];
    const identity = ["-i", join(folder, "key"), "-o", "IdentitiesOnly=yes"];
    const target = `${machine.user}@${machine.address}`;
    return spawnSync("ssh", [...trust, ...identity, target, ...command], { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [action = "", ...args] = process.argv.slice(2);
const run = actions[action];
if (run === undefined) {
  console.error(`Cannot run "${action}": it is none of ${Object.keys(actions).join(", ")}`);
  process.exitCode = 2;
} else {
  await run(args).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
