import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KeelsonError, ProblemsError, throwIfAborted } from "../../errors.ts";
import { withLock } from "../../toolchain/lock.ts";
import type { Machine, MachineDriver, MachineOptions, MachineSpec, MachineStatus } from "../driver.ts";
import { nthAddress } from "../free-subnet.ts";
import { guestInit } from "./cgroups.ts";
import { ensureFleet, readFleet, readFleetKey, removeEmptyFleet, type Fleet } from "./fleet.ts";
import { ensureGuestFiles, readHostKey } from "./guest-files.ts";
import { defaultLayout, fleetPaths, machinePaths, type Layout } from "./layout.ts";
import { mirrorPort } from "./mirror.ts";
import { sendSignal } from "./processes.ts";
import { namesIn, readOptional, writeWhole } from "./records.ts";
import { ensureTools, missingRequirements } from "./requirements.ts";
import { retryUntil } from "./retry.ts";
import { ensureRootImage } from "./root-image.ts";
import { greetsAsSsh } from "./ssh-banner.ts";
import { haltMachine, isSupervised, launchMachine, readCgroups } from "./supervisor.ts";

const sshPort = 22;
const firstAddress = 10;
const lastAddress = 250;
const bootMilliseconds = 90_000;
const graceMilliseconds = 2000;
const shutdownMilliseconds = 120_000;
/** systemd's own signal for `systemctl reboot`: SIGRTMIN+5. */
const rebootSignal = 34 + 5;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

interface MachineRecord {
  readonly address: string;
}

/**
 * Local machines by systemd-nspawn: a Debian with systemd and sshd each, on a bridge of their fleet.
 * Needs Linux and root. Everything that it makes outlives the process and ends with `destroy`.
 */
export function nspawnDriver(layout: Layout = defaultLayout()): MachineDriver {
  return new NspawnDriver(layout);
}

class NspawnDriver implements MachineDriver {
  readonly kind = "nspawn";
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  async check(): ReturnType<MachineDriver["check"]> {
    return await missingRequirements();
  }

  async create(spec: MachineSpec, options: MachineOptions = {}): Promise<Machine> {
    requireLabel("name", spec.name);
    requireLabel("fleet", spec.fleet);
    const problems = await missingRequirements();
    if (problems.length > 0) throw new ProblemsError(`create machine "${spec.name}"`, problems);
    await ensureTools(options);
    const root = await ensureRootImage(this.#layout.cache, options);
    return await this.#alone(spec.name, "create", options, async () => {
      const known = await this.#find(spec.name);
      if (known !== undefined && known.fleet !== spec.fleet) {
        const state = `fleet "${known.fleet}" has a machine of that name`;
        throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot create machine "${spec.name}": ${state}`);
      }
      return await this.#run(spec, root, options);
    });
  }

  async inspect(name: string): Promise<{ machine: Machine; status: MachineStatus } | undefined> {
    const spec = await this.#find(name);
    const machine = spec === undefined ? undefined : await this.#describe(spec);
    if (spec === undefined || machine === undefined) return undefined;
    return { machine, status: (await this.#isOn(spec)) ? "running" : "stopped" };
  }

  async reboot(name: string, options: MachineOptions = {}): Promise<void> {
    const spec = await this.#require(name, "reboot");
    await this.#alone(name, "reboot", options, async () => {
      const cgroups = await readCgroups(machinePaths(this.#layout, spec.fleet, name));
      const before = await guestInit(cgroups);
      if (before === undefined) throw machineError(name, "reboot", "it is off");
      sendSignal(before, rebootSignal);
      const isDown = async (): Promise<true | undefined> =>
        (await guestInit(cgroups)) === before ? undefined : true;
      const down = await retryUntil(shutdownMilliseconds, isDown, options.signal);
      if (down === undefined) throw machineError(name, "reboot", "it did not shut down in time");
      await this.#run(spec, await ensureRootImage(this.#layout.cache, options), options);
    });
  }

  async powerOff(name: string): Promise<void> {
    const spec = await this.#require(name, "power off");
    await this.#alone(name, "power off", {}, async () => {
      await haltMachine(machinePaths(this.#layout, spec.fleet, name));
    });
  }

  async start(name: string, options: MachineOptions = {}): Promise<void> {
    const spec = await this.#require(name, "start");
    const root = await ensureRootImage(this.#layout.cache, options);
    await this.#alone(name, "start", options, async () => {
      await this.#run(spec, root, options);
    });
  }

  async destroy(name: string, options: MachineOptions = {}): Promise<void> {
    await this.#alone(name, "destroy", options, async () => {
      const spec = await this.#find(name);
      if (spec === undefined) {
        await this.#sweepFleets(options);
        return;
      }
      const paths = machinePaths(this.#layout, spec.fleet, name);
      await haltMachine(paths);
      await this.#aloneInFleet(spec.fleet, "destroy", options, async () => {
        await rm(paths.directory, { recursive: true, force: true });
        await removeEmptyFleet(this.#layout, spec.fleet);
      });
    });
  }

  async list(fleet: string): Promise<readonly string[]> {
    return await namesIn(fleetPaths(this.#layout, fleet).machines);
  }

  /** Brings the machine up from whatever state it is in and returns when sshd answers. */
  async #run(spec: MachineSpec, root: string, options: MachineOptions): Promise<Machine> {
    const { fleet, address } = await this.#aloneInFleet(spec.fleet, "create", options, async () => {
      // First of all, so that the records name whatever a killed run leaves behind.
      await mkdir(machinePaths(this.#layout, spec.fleet, spec.name).directory, {
        recursive: true,
        mode: 0o700,
      });
      const shared = await ensureFleet(this.#layout, spec.fleet, root, options);
      return { fleet: shared, address: await this.#ensureAddress(spec, shared) };
    });
    throwIfAborted(options.signal, `create machine "${spec.name}"`);
    // A machine that is on may be about to end, by its own wish: then it is started again.
    if (!(await this.#isOn(spec)) || !(await this.#answers(spec, address, options))) {
      options.onProgress?.(`Booting ${spec.name} at ${address}`);
      await ensureGuestFiles(this.#layout, spec, address, fleet);
      await launchMachine(this.#layout, spec, root, fleet.bridge);
      if (!(await this.#answers(spec, address, options))) throw await this.#bootError(spec, "it ended");
    }
    const machine = await this.#describe(spec);
    if (machine === undefined) throw machineError(spec.name, "create", "its records are gone");
    return machine;
  }

  async #ensureAddress(spec: MachineSpec, fleet: Fleet): Promise<string> {
    const paths = machinePaths(this.#layout, spec.fleet, spec.name);
    const known = await readRecord(paths.record);
    if (known !== undefined) return known.address;
    const others = await this.list(spec.fleet);
    const records = await Promise.all(
      others.map((name) => readRecord(machinePaths(this.#layout, spec.fleet, name).record)),
    );
    const taken = new Set(records.map((record) => record?.address));
    for (let last = firstAddress; last <= lastAddress; last++) {
      const address = nthAddress(fleet.subnet, last);
      if (taken.has(address)) continue;
      await writeWhole(paths.record, `${JSON.stringify({ address } satisfies MachineRecord)}\n`);
      return address;
    }
    throw machineError(spec.name, "create", `the fleet's subnet "${fleet.subnet}" is full`);
  }

  /** Waits until sshd greets; false if the machine ended instead. */
  async #answers(spec: MachineSpec, address: string, options: MachineOptions): Promise<boolean> {
    const started = performance.now();
    const attempt = async (): Promise<boolean | undefined> => {
      if (await greetsAsSsh(address, sshPort)) return true;
      // The supervisor takes a moment to write its record.
      return performance.now() - started < graceMilliseconds || (await this.#isOn(spec)) ? undefined : false;
    };
    const answer = await retryUntil(bootMilliseconds, attempt, options.signal);
    if (answer !== undefined) return answer;
    throw await this.#bootError(spec, `no sshd answers at "${address}" after ${bootMilliseconds / 1000} s`);
  }

  async #bootError(spec: MachineSpec, state: string): Promise<KeelsonError> {
    const { console: log } = machinePaths(this.#layout, spec.fleet, spec.name);
    const lines = ((await readOptional(log)) ?? "").trimEnd().split("\n").slice(-5).join("\n");
    return machineError(spec.name, "start", `${state}; its log "${log}" ends with\n${lines}`);
  }

  async #isOn(spec: MachineSpec): Promise<boolean> {
    const paths = machinePaths(this.#layout, spec.fleet, spec.name);
    return (await isSupervised(paths)) || (await guestInit(await readCgroups(paths))) !== undefined;
  }

  async #describe(spec: MachineSpec): Promise<Machine | undefined> {
    const record = await readRecord(machinePaths(this.#layout, spec.fleet, spec.name).record);
    const fleet = await readFleet(this.#layout, spec.fleet);
    const hostKey = await readHostKey(this.#layout, spec);
    if (record === undefined || fleet === undefined || hostKey === undefined) return undefined;
    const port = await mirrorPort(fleetPaths(this.#layout, spec.fleet));
    return {
      ...spec,
      address: record.address,
      port: sshPort,
      user: "root",
      privateKey: await readFleetKey(this.#layout, spec.fleet),
      hostKey,
      mirror: `http://${fleet.gateway}:${port}`,
    };
  }

  /** Fleets without a machine are what a killed `destroy` left. */
  async #sweepFleets(options: MachineOptions): Promise<void> {
    for (const fleet of await namesIn(join(this.#layout.state, "fleets"))) {
      if ((await this.list(fleet)).length > 0) continue;
      await this.#aloneInFleet(fleet, "remove", options, async () => {
        await removeEmptyFleet(this.#layout, fleet);
      });
    }
  }

  async #find(name: string): Promise<MachineSpec | undefined> {
    for (const fleet of await namesIn(join(this.#layout.state, "fleets"))) {
      if ((await this.list(fleet)).includes(name)) return { name, fleet };
    }
    return undefined;
  }

  async #require(name: string, action: string): Promise<MachineSpec> {
    const spec = await this.#find(name);
    if (spec === undefined) throw machineError(name, action, "there is none of that name");
    return spec;
  }

  async #alone<T>(name: string, action: string, options: MachineOptions, work: () => Promise<T>): Promise<T> {
    return await this.#locked(`machine-${name}`, `${action} machine "${name}"`, options, work);
  }

  async #aloneInFleet<T>(
    fleet: string,
    action: string,
    options: MachineOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    return await this.#locked(`fleet-${fleet}`, `${action} a machine of fleet "${fleet}"`, options, work);
  }

  async #locked<T>(lock: string, what: string, options: MachineOptions, work: () => Promise<T>): Promise<T> {
    const path = join(this.#layout.state, "locks", `${lock}.lock`);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await withLock(path, what, work, options.signal === undefined ? {} : { signal: options.signal });
  }
}

function requireLabel(property: string, value: string): void {
  if (label.test(value)) return;
  const message = `Cannot create a machine: ${property} "${value}" is not an RFC 1123 label`;
  throw new KeelsonError("KEELSON_INVALID_INPUT", message);
}

async function readRecord(path: string): Promise<MachineRecord | undefined> {
  const text = await readOptional(path);
  return text === undefined ? undefined : (JSON.parse(text) as MachineRecord);
}

function machineError(name: string, action: string, state: string): KeelsonError {
  return new KeelsonError("KEELSON_MACHINE_FAILED", `Cannot ${action} machine "${name}": ${state}`);
}
