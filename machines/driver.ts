import type { Problem } from "../errors.ts";

/** What a local machine is made from. */
export interface MachineSpec {
  /** Unique on this computer; also the host name. RFC 1123 label. */
  readonly name: string;
  /** Machines of one fleet share a bridge, a subnet and a package mirror. RFC 1123 label. */
  readonly fleet: string;
}

/** A running machine, reachable over SSH and over nothing else. */
export interface Machine extends MachineSpec {
  /** IPv4 address on the fleet's bridge. */
  readonly address: string;
  /** The SSH port. */
  readonly port: number;
  readonly user: string;
  /** OpenSSH private key that opens the machine. A secret. */
  readonly privateKey: string;
  /** The machine's public host key in OpenSSH form, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** Base address of the fleet's HTTP mirror: `/apt` holds packages, `/bundles` the toolchain's bundles. */
  readonly mirror: string;
}

export type MachineStatus = "running" | "stopped";

export interface MachineOptions {
  readonly signal?: AbortSignal;
  /** One line of progress. */
  readonly onProgress?: (line: string) => void;
}

/** Where local hosts come from. Every driver passes `test/contracts/machine-driver.ts`. */
export interface MachineDriver {
  readonly kind: string;
  /** What this computer lacks for the driver: privileges, tools, kernel features. Empty when it can work. */
  check(): Promise<readonly Problem[]>;
  /** Makes the machine, or starts it if it is there and stopped. Returns when sshd answers. */
  create(spec: MachineSpec, options?: MachineOptions): Promise<Machine>;
  /** The machine as it is now; undefined if there is none of that name. Changes nothing. */
  inspect(name: string): Promise<{ machine: Machine; status: MachineStatus } | undefined>;
  /** Clean reboot by the guest's own init. Returns when sshd answers again. */
  reboot(name: string, options?: MachineOptions): Promise<void>;
  /** Cuts the power: no shutdown, no sync. The machine stays off until `create` or `start`. */
  powerOff(name: string): Promise<void>;
  /** Starts a stopped machine. Returns when sshd answers. */
  start(name: string, options?: MachineOptions): Promise<void>;
  /** Removes the machine and, with the last machine of a fleet, everything of the fleet. No error if it is gone. */
  destroy(name: string, options?: MachineOptions): Promise<void>;
  /** All machines of a fleet that exist, running or not. */
  list(fleet: string): Promise<readonly string[]>;
}
