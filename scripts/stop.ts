import { rm } from "node:fs/promises";
import { localMachines } from "../machines/index.ts";
import { fleetName } from "../stacks/components/fleet-name.ts";
import { describeError, say } from "./local/output.ts";
import { openLocalStack, project, stack } from "./local/stack.ts";

/** `npm run stop`: takes away everything that `npm start` made, and what a lost state has left over. */
try {
  process.exitCode = await stop();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}

async function stop(): Promise<number> {
  const { pulumi, folder, exists } = await openLocalStack(say);
  if (exists) {
    const exitCode = await pulumi.run(["destroy", "--yes", "--skip-preview", "--remove", "--stack", stack]);
    if (exitCode !== 0) return exitCode;
  }
  await removeLeftovers();
  await rm(folder, { recursive: true, force: true });
  return 0;
}

/** Machines whose state was lost belong to nobody any more. */
async function removeLeftovers(): Promise<void> {
  const machines = localMachines();
  const names = await machines.list(fleetName(project, stack));
  await Promise.all(
    names.map((name) => {
      say(`Removing ${name}, which no stack knows`);
      return machines.destroy(name, { onProgress: say });
    }),
  );
}
