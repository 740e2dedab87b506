import assert from "node:assert/strict";
import { localMachines } from "../../machines/index.ts";
import { SshPool } from "../../remote/pool.ts";

/** Runs a shell command on a local machine, as a person with its key would. Resolves with what it printed. */
export async function onMachine(name: string, script: string): Promise<string> {
  const found = await localMachines().inspect(name);
  assert.ok(found, `there is no machine "${name}"`);
  const pool = new SshPool();
  try {
    const { stdout } = await pool.get(name, found.machine).run(script);
    return stdout;
  } finally {
    await pool.close();
  }
}
