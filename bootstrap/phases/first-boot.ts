import { waitFor } from "../../remote/wait.ts";
import { cloudInitStatus, isSettingUp } from "../facts/first-boot.ts";
import type { ChangeContext, Phase } from "../view.ts";

/** Lets cloud-init end first: it sets host names and addresses, installs packages and restarts services. */
export const firstBoot: Phase = {
  title: "first boot",
  plan: ({ facts }) =>
    facts.firstBoot ? [{ intent: "wait until cloud-init has set the host up", work: waitForCloudInit }] : [],
};

/**
 * Waits until cloud-init is done, well or not.
 *
 * @throws KeelsonError KEELSON_TIMEOUT after 15 minutes, with what it does
 */
export async function waitForCloudInit({ runner, signal, log }: ChangeContext): Promise<void> {
  await waitFor({
    what: `cloud-init to set "${runner.host}" up`,
    deadlineMs: 900_000,
    signal,
    probe: async (within) => {
      const { stdout } = await runner.run(`${cloudInitStatus} || true`, { signal: within });
      return isSettingUp(stdout) ? undefined : true;
    },
    diagnose: async (within) => {
      const { stdout } = await runner.run(currentStage, { signal: within });
      return stdout.trim() || "cloud-init is running";
    },
    onWaiting: log,
  });
}

const currentStage = "tail -n 1 /var/log/cloud-init-output.log 2>/dev/null | cut -c 1-200";
