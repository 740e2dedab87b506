import { CommandError, KeelsonError } from "../../errors.ts";
import { runUnit } from "../unit.ts";
import { verdictOf } from "../verdict.ts";
import type { ChangeContext, HostView } from "../view.ts";
import { trialScript } from "./trial-script.ts";
import type { Trial } from "./trial-script.ts";

/**
 * Puts a static pod of the host on trial with a new manifest, in a unit that outlives a lost connection.
 *
 * @throws KeelsonError KEELSON_SETTING_REFUSED, with the component's last words, if it does not run or must not be changed
 */
export async function runTrial(
  { host }: HostView,
  context: ChangeContext,
  { title, ...trial }: Omit<Trial, "nodeName"> & { /** In the message. */ readonly title: string },
): Promise<void> {
  const script = trialScript({ ...trial, nodeName: host.nodeName });
  try {
    await runUnit(context, { name: `static-pod-${trial.component}`, script, deadlineSeconds: 420 });
  } catch (error) {
    const verdict = error instanceof CommandError ? verdictOf(error.stderr) : undefined;
    if (verdict === undefined) throw error;
    const message = `Cannot run the ${title} of "${host.name}" with its new settings: ${verdict}`;
    throw new KeelsonError("KEELSON_SETTING_REFUSED", message, { cause: error });
  }
}
