import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { MachineOptions } from "../driver.ts";
import { freeSubnet, nthAddress } from "../free-subnet.ts";
import { raiseInotifyLimit, releaseInotifyLimit, withComputer } from "./inotify-limit.ts";
import { closeFirewall, openFirewall } from "./firewall.ts";
import { ensureKey } from "./keys.ts";
import { fleetPaths, shortId, type Layout } from "./layout.ts";
import { endMirror, ensureMirror } from "./mirror.ts";
import { ensureBridge, removeBridge, usedNetworks } from "./network.ts";
import { ensurePackageArchive } from "./package-archive.ts";
import { namesIn, readOptional, writeWhole } from "./records.ts";

/** What all machines of a fleet share. Written before any of it is made. */
export interface FleetRecord {
  readonly subnet: string;
  readonly gateway: string;
  readonly bridge: string;
}

export interface Fleet extends FleetRecord {
  readonly mirrorPort: number;
}

/** Makes what the fleet's machines share, or completes it. The caller holds the fleet's lock. */
export async function ensureFleet(
  layout: Layout,
  name: string,
  root: string,
  options: MachineOptions,
): Promise<Fleet> {
  const paths = fleetPaths(layout, name);
  const packages = await ensurePackageArchive(layout.cache, root, options);
  const record = await withComputer(`make the network of fleet "${name}"`, async () => {
    const fleet = (await readFleet(layout, name)) ?? (await newFleet(layout, name));
    // Inside of the lock, so that the next one who chooses a subnet sees this bridge.
    await ensureBridge(fleet.bridge, fleet.gateway);
    await openFirewall(fleet.bridge);
    return fleet;
  });
  await raiseInotifyLimit(record.bridge, paths.directory);
  await ensureKey(paths.key, "ed25519", `keelson-${name}`);
  const bundles = join(layout.cache, "bundles");
  await mkdir(bundles, { recursive: true });
  const mirrorPort = await ensureMirror(paths, record.gateway, { apt: packages, bundles });
  return { ...record, mirrorPort };
}

export async function readFleet(layout: Layout, name: string): Promise<FleetRecord | undefined> {
  const text = await readOptional(fleetPaths(layout, name).record);
  return text === undefined ? undefined : (JSON.parse(text) as FleetRecord);
}

/** Removes everything of the fleet if it has no machine left. The caller holds the fleet's lock. */
export async function removeEmptyFleet(layout: Layout, name: string): Promise<void> {
  const paths = fleetPaths(layout, name);
  if ((await namesIn(paths.machines)).length > 0) return;
  if (!(await namesIn(dirname(paths.directory))).includes(name)) return;
  const id = shortId(paths.directory);
  await endMirror(paths);
  await closeFirewall(id);
  await removeBridge(id);
  await releaseInotifyLimit(id);
  // Last, since the folder is the record of all of it.
  await rm(paths.directory, { recursive: true, force: true });
}

/** The fleet's private key, in OpenSSH form. */
export async function readFleetKey(layout: Layout, name: string): Promise<string> {
  return await readFile(fleetPaths(layout, name).key, "utf8");
}

async function newFleet(layout: Layout, name: string): Promise<FleetRecord> {
  const paths = fleetPaths(layout, name);
  const fleets = await namesIn(dirname(paths.directory));
  const records = await Promise.all(fleets.map((fleet) => readFleet(layout, fleet)));
  const recorded = records.flatMap((record) => (record === undefined ? [] : [record.subnet]));
  const subnet = freeSubnet([...(await usedNetworks()), ...recorded], paths.directory);
  const record = { subnet, gateway: nthAddress(subnet, 1), bridge: shortId(paths.directory) };
  await writeWhole(paths.record, `${JSON.stringify(record, undefined, 2)}\n`);
  return record;
}
