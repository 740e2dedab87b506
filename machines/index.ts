import { KeelsonError } from "../errors.ts";
import type { MachineDriver } from "./driver.ts";
import { nspawnDriver } from "./nspawn/driver.ts";

export type { Machine, MachineDriver, MachineOptions, MachineSpec, MachineStatus } from "./driver.ts";

/** The driver of local machines that fits this computer. Throws KEELSON_NOT_SUPPORTED where there is none. */
export function localMachines(): MachineDriver {
  if (process.platform === "linux") return nspawnDriver();
  throw new KeelsonError(
    "KEELSON_NOT_SUPPORTED",
    `Cannot make local machines: the system is "${process.platform}"`,
    {
      fix: "Run on Linux, in a virtual machine for example, or name SSH hosts that you have",
    },
  );
}
