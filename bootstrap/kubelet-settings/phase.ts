import { CommandError, KeelsonError } from "../../errors.ts";
import { waitFor } from "../../remote/wait.ts";
import { poolLabel } from "../drain-slots.ts";
import { apiOf } from "../phases/node.ts";
import type { NodeView } from "../phases/node.ts";
import { runUnit } from "../unit.ts";
import type { ChangeContext, Phase } from "../view.ts";
import { verdictOf } from "../verdict.ts";
import { changeScript, newSettings } from "./change-script.ts";
import { kubeletDifferences } from "./difference.ts";
import { settingsFile } from "./settings-file.ts";
import { inTurn } from "./turns.ts";

/**
 * Runs the kubelet of a joined node with the settings that are wanted of it. A pool's nodes are changed a few at a time,
 * each one healthy before the next; a kubelet that does not run with them gets its former configuration back.
 */
export const kubeletSettings: Phase<NodeView> = {
  title: "kubelet settings",
  plan: (view) => {
    const { kubelet } = view.facts.kubernetes;
    if (!view.facts.kubernetes.kubeletConf || kubelet === undefined) return [];
    const differences = kubeletDifferences(view.host.kubelet ?? {}, kubelet);
    if (differences.length === 0 && !kubelet.isUnproven) return [];
    const intent =
      differences.length > 0
        ? `restart the kubelet with ${differences.join(", ")}`
        : "see whether the kubelet works with its last change";
    return [{ intent, work: (context) => changeInTurn(view, context) }];
  },
};

function changeInTurn(view: NodeView, context: ChangeContext): Promise<void> {
  const { host, clusterId, maxUnavailable = 1 } = view;
  const turn = {
    clusterId,
    host: host.name,
    pool: host.role === "controlPlane" ? "control plane" : host.labels[poolLabel],
    limit: maxUnavailable,
    settings: JSON.stringify(host.kubelet ?? {}),
    signal: context.signal,
    onWaiting: context.log,
  };
  return inTurn(turn, () => change(view, context));
}

async function change(view: NodeView, context: ChangeContext): Promise<void> {
  const { host, facts } = view;
  const { runner, signal } = context;
  const file = settingsFile(facts, host.kubelet);
  const before = await apiOf(view).node(host.nodeName);
  await runner.write(newSettings, file?.content ?? "{}\n", { mode: 0o600, signal });
  try {
    await runUnit(context, { name: "kubelet-settings", script: changeScript, deadlineSeconds: 240 });
  } catch (error) {
    throw refusal(host.name, error) ?? error;
  }
  if (before?.ready !== true) return;
  await waitFor({
    what: `Node "${host.nodeName}" to be Ready with its new settings`,
    deadlineMs: 120_000,
    signal,
    probe: async () => {
      const node = await apiOf(view).node(host.nodeName);
      return (node?.ready === true && node.heartbeat !== before.heartbeat) || undefined;
    },
    diagnose: () => apiOf(view).diagnose(host.nodeName),
    onWaiting: context.log,
  });
}

function refusal(host: string, error: unknown): KeelsonError | undefined {
  const verdict = error instanceof CommandError ? verdictOf(error.stderr) : undefined;
  if (verdict === undefined) return undefined;
  const message = `Cannot run the kubelet of "${host}" with its new settings: ${verdict}`;
  return new KeelsonError("KEELSON_SETTING_REFUSED", message, { cause: error });
}
