import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { localMachines } from "../../machines/index.ts";
import type { Machine } from "../../machines/driver.ts";
import { SshPool } from "../../remote/pool.ts";
import type { Runner } from "../../remote/runner.ts";
import type { BareMetalHost } from "../../stacks/components/bare-metal-cluster.ts";

/** A machine that no stack owns: how a program names it, and how the test reaches it by itself. */
export interface BareHost {
  readonly machine: Machine;
  readonly declared: BareMetalHost;
  readonly runner: Runner;
}

export interface BareHosts<Name extends string> {
  readonly hosts: Readonly<Record<Name, BareHost>>;
  /** A key that opens none of them. */
  readonly strangeKey: string;
  /** Every secret with which they are reached. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

/**
 * Makes machines for a program to use: the second is opened by a key with a passphrase, the third by a user who has to
 * give a password to become root.
 */
export async function bareHosts<Name extends string>(
  fleet: string,
  names: readonly [Name, Name, Name, ...Name[]],
  keys: string,
): Promise<BareHosts<Name>> {
  const machines = await Promise.all(
    names.map((name) => localMachines().create({ name: `${fleet}-${name}`, fleet })),
  );
  const passphrase = randomBytes(12).toString("hex");
  const sudoPassword = randomBytes(12).toString("hex");
  const locked = await makeKey(join(keys, "locked"), passphrase);
  const strange = await makeKey(join(keys, "strange"), "");
  const pool = new SshPool();
  const all = machines.map((machine): BareHost => {
    const { address, privateKey, hostKey, mirror } = machine;
    const runner = pool.get(machine.name, { address, privateKey, hostKey });
    return { machine, runner, declared: { address, mirror, ssh: { privateKey, hostKey } } };
  });
  const [, second, third] = all as [BareHost, BareHost, BareHost];
  await second.runner.run("cat >> /root/.ssh/authorized_keys", { stdin: locked.publicKey });
  await third.runner.run(operator, { stdin: `ops:${sudoPassword}\n` });
  const logins: Readonly<Record<number, BareMetalHost["ssh"]>> = {
    1: { privateKey: locked.privateKey, passphrase },
    2: { user: "ops", sudoPassword },
  };
  const told = all.map((host, index) => [names[index], withLogin(host, logins[index])] as const);
  return {
    hosts: Object.fromEntries(told) as Record<Name, BareHost>,
    strangeKey: strange.privateKey,
    secrets: [
      passphrase,
      sudoPassword,
      locked.privateKey,
      strange.privateKey,
      ...new Set(machines.map(({ privateKey }) => privateKey)),
    ],
    close: () => pool.close(),
  };
}

const operator = `set -e
useradd --create-home --groups sudo --shell /bin/sh ops
chpasswd
cp -r /root/.ssh /home/ops/.ssh && chown -R ops: /home/ops/.ssh`;

function withLogin(host: BareHost, login: BareMetalHost["ssh"]): BareHost {
  return { ...host, declared: { ...host.declared, ssh: { ...host.declared.ssh, ...login } } };
}

async function makeKey(
  path: string,
  passphrase: string,
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", path]);
  return {
    privateKey: await readFile(path, "utf8"),
    publicKey: await readFile(`${path}.pub`, "utf8"),
  };
}
