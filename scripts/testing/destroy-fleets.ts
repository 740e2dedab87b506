import { localMachines } from "../../machines/index.ts";
import { fleetsIn, processesOf } from "./leftovers.ts";

/** Removes every fleet of the state folder that `KEELSON_STATE` names; run with a test's own folder. */
const state = process.env["KEELSON_STATE"];
if (state === undefined) throw new Error("Cannot destroy fleets: KEELSON_STATE is not set");
const driver = localMachines();
for (const fleet of await fleetsIn(state)) {
  for (const machine of await driver.list(fleet)) await driver.destroy(machine);
}
for (const { pid } of await processesOf(state)) process.kill(pid, "SIGKILL");
