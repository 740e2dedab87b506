import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MachineSpec } from "../driver.ts";
import { createCgroups, guestInit, planCgroups, removeCgroups } from "./cgroups.ts";
import { realFolders } from "./guest-files.ts";
import { machinePaths, shortId, type Layout, type MachinePaths } from "./layout.ts";
import { removeTraces } from "./network.ts";
import { isRunning, lastingEnvironment, parseProcessId, sendSignal } from "./processes.ts";
import { readOptional, writeWhole } from "./records.ts";
import { retryUntil } from "./retry.ts";

/**
 * Runs one machine for as long as it is wanted. Its root is mounted in a mount namespace of the supervisor's own, so
 * that the mount goes with the last process, whatever ends it. The lock makes a second supervisor impossible.
 */
const script = `set -u
directory=$1 lower=$2
shift 2
exec 9>"$directory/supervisor.lock"
flock -n 9 || exit 0
printf '%s %s %s\\n' $$ "$(cut -d ' ' -f 22 /proc/$$/stat)" "$(cat /proc/sys/kernel/random/boot_id)" >"$directory/supervisor.pid.new"
mv "$directory/supervisor.pid.new" "$directory/supervisor.pid"
[ -e "$directory/wanted" ] || exit 0
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$directory/upper,workdir=$directory/work" "$directory/root" || exit 1
while [ -e "$directory/wanted" ]; do
  (
    while read -r group; do echo 0 >"$group/cgroup.procs" || exit 1; done <"$directory/cgroups"
    exec systemd-nspawn "$@" 9>&-
  ) </dev/null
  # nspawn ends with 133 when the guest wants to boot again.
  [ $? -eq 133 ] || break
  while read -r group; do find "$group" -mindepth 1 -depth -type d -exec rmdir {} +; done <"$directory/cgroups" 2>/dev/null
done
`;

/** Boots the machine and leaves it to its supervisor. Does not wait. */
export async function launchMachine(
  layout: Layout,
  spec: MachineSpec,
  root: string,
  bridge: string,
): Promise<void> {
  const paths = machinePaths(layout, spec.fleet, spec.name);
  const id = shortId(paths.directory);
  await removeRemains(paths, id);
  const cgroups = await planCgroups(id);
  await writeWhole(paths.cgroups, `${cgroups.join("\n")}\n`);
  await createCgroups(cgroups);
  // systemd-nspawn propagates mounts from here and wants it to be there.
  await mkdir("/run/systemd/nspawn", { recursive: true });
  await writeWhole(paths.supervisorScript, script);
  await writeWhole(paths.wanted, "");
  const output = openSync(paths.console, "w", 0o600);
  const contained = [
    "--mount",
    "--propagation",
    "private",
    "sh",
    paths.supervisorScript,
    paths.directory,
    root,
  ];
  const child = spawn("unshare", [...contained, ...nspawnArguments(paths, spec.name, id, bridge)], {
    cwd: "/",
    detached: true,
    env: lastingEnvironment(),
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.unref();
}

/** Cuts the machine's power and returns when nothing of it runs. */
export async function haltMachine(paths: MachinePaths): Promise<void> {
  await rm(paths.wanted, { force: true });
  const init = await guestInit(await readCgroups(paths));
  if (init !== undefined) {
    sendSignal(init, "SIGKILL");
    // nspawn tidies up after itself when it is let.
    await retryUntil(5000, async () => ((await isSupervised(paths)) ? undefined : true));
  }
  await removeRemains(paths, shortId(paths.directory));
}

/** True while the machine's supervisor lives: it runs, boots or is between two boots. */
export async function isSupervised(paths: MachinePaths): Promise<boolean> {
  return await isRunning(parseProcessId(await readOptional(paths.supervisorPid)));
}

/** The cgroups that the machine was given last. */
export async function readCgroups(paths: MachinePaths): Promise<readonly string[]> {
  return ((await readOptional(paths.cgroups)) ?? "").split("\n").filter((line) => line !== "");
}

async function removeRemains(paths: MachinePaths, id: string): Promise<void> {
  const supervisor = parseProcessId(await readOptional(paths.supervisorPid));
  // The whole group, with a child that has not yet joined its cgroups.
  if (supervisor !== undefined && (await isRunning(supervisor))) sendSignal(-supervisor.pid, "SIGKILL");
  await retryUntil(10_000, async () => ((await isRunning(supervisor)) ? undefined : true));
  await removeCgroups(await readCgroups(paths));
  await removeTraces(id);
}

function nspawnArguments(paths: MachinePaths, name: string, id: string, bridge: string): readonly string[] {
  const binds = Object.keys(realFolders).map(
    (folder) => `--bind=${join(paths.data, folder)}:/var/lib/${folder}`,
  );
  return [
    "--quiet",
    "--register=no",
    "--keep-unit",
    "--boot",
    `--directory=${join(paths.directory, "root")}`,
    `--machine=${id}`,
    `--hostname=${name}`,
    "--network-veth",
    `--network-bridge=${bridge}`,
    "--capability=all",
    "--system-call-filter=@known",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=read-only",
    "--bind=/dev/kmsg",
    ...binds,
    "--",
    "--show-status=yes",
    // A systemd from 256 on refuses cgroup v1 without this word; from 258 on it refuses it altogether.
    "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
  ];
}
