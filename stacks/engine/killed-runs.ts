import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { removeDeadLocks } from "./backend-lock.ts";
import { forgetPendingCreations } from "./pending-creations.ts";
import type { PulumiRunner } from "./pulumi-run.ts";
import type { StateFolder } from "./state.ts";

/** Makes every stack of a state folder usable that a killed run left behind. Those in use are left alone. */
export async function settleKilledRuns(
  pulumi: Pick<PulumiRunner, "read">,
  state: StateFolder,
): Promise<void> {
  const folder = join(state.backend, ".pulumi/stacks");
  for (const project of await namesIn(folder)) {
    for (const file of await namesIn(join(folder, project))) {
      if (!file.endsWith(".json")) continue;
      await settleKilledRun(pulumi, state, { project, stack: file.slice(0, -".json".length) }).catch(
        passOver,
      );
    }
  }
}

/**
 * Makes one stack usable that a killed run left behind: its lock goes, and what was being created is created again.
 *
 * @throws KeelsonError KEELSON_LOCKED if another run uses it
 */
export async function settleKilledRun(
  pulumi: Pick<PulumiRunner, "read">,
  state: StateFolder,
  which: { readonly project: string; readonly stack: string },
): Promise<void> {
  await removeDeadLocks(state, which.project, which.stack);
  await forgetPendingCreations(pulumi, state, which);
}

/** Pulumi names what is in its way, and only where it is. */
function passOver(error: unknown): void {
  if (!KeelsonError.is(error)) throw error;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}
