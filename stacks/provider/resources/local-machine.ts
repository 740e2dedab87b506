import type { Machine, MachineStatus } from "../../../machines/driver.ts";
import { label } from "../checker.ts";
import type { Call, Drifting, Resource } from "../resource.ts";

export interface LocalMachineInputs {
  readonly name: string;
  readonly fleet: string;
}

export interface LocalMachineOutputs extends Drifting {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string;
  readonly mirror: string;
  readonly status: MachineStatus;
  /** How often it was started by an update. A node of a started machine is looked after again. */
  readonly starts: number;
}

/** A host on this computer. */
export const localMachine: Resource<LocalMachineInputs, LocalMachineOutputs> = {
  type: "keelson:index:LocalMachine",
  outputs: ["address", "port", "user", "privateKey", "hostKey", "mirror", "status", "starts", "pending"],
  secretOutputs: ["privateKey"],
  refreshBeforeUpdate: true,
  diff: { replaces: () => true },
  check(inputs) {
    inputs.text("name", { matches: label });
    inputs.text("fleet", { matches: label });
  },
  id: ({ name }) => name,
  async create(call, inputs) {
    return { outputs: { starts: 1, ...(await makeMachine(call, inputs, "create the machine")) } };
  },
  async update(call, inputs, { outputs }) {
    const starts = (outputs.starts ?? 0) + 1;
    return { starts, ...(await makeMachine(call, inputs, "start the machine")) };
  },
  async read({ world }, { id }) {
    const found = await world.machines().inspect(id);
    if (found === undefined) return "gone";
    const { machine, status } = found;
    const pending = status === "running" ? [] : [{ host: id, what: "start the machine" }];
    return { ...outputsOf(machine), status, pending };
  },
  async delete({ operation, world }, { id }) {
    await world.machines().destroy(id, optionsOf(operation, id));
  },
};

async function makeMachine(
  { operation, world }: Call,
  { name, fleet }: LocalMachineInputs,
  what: string,
): Promise<Partial<LocalMachineOutputs>> {
  operation.onIntent({ host: name, what });
  if (operation.preview) return {};
  const machine = await world.machines().create({ name, fleet }, optionsOf(operation, name));
  return { ...outputsOf(machine), status: "running", pending: [] };
}

function outputsOf(machine: Machine): Omit<LocalMachineOutputs, "status" | "starts" | "pending"> {
  const { address, port, user, privateKey, hostKey, mirror } = machine;
  return { address, port, user, privateKey, hostKey, mirror };
}

function optionsOf(
  { signal, log }: Call["operation"],
  name: string,
): { signal: AbortSignal; onProgress: (line: string) => void } {
  return {
    signal,
    onProgress: (line) => {
      log(name, line);
    },
  };
}
