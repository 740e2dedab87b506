import { apiPortOf } from "../../clusters/endpoint.ts";
import { components } from "../../clusters/settings/control-plane.ts";
import type { ComponentKey } from "../../clusters/settings/control-plane.ts";
import { staticPodConfig } from "../kubeadm-config.ts";
import type { Change, ChangeContext, ControlPlaneView, Phase } from "../view.ts";
import { componentTrial, patchesFolder } from "./component-trial.ts";
import { podDifferences, wantedArgs } from "./difference.ts";
import { patchFile } from "./pod-patch.ts";
import { runTrial } from "./run-trial.ts";
import { folder } from "./trial-script.ts";

const titles: Readonly<Record<ComponentKey, string>> = {
  apiServer: "API server",
  controllerManager: "controller manager",
  scheduler: "scheduler",
};

/**
 * Runs the components of a living control plane with the flags and volumes that are wanted, and with no others. Each one
 * is proven before the next: what does not become ready gets its former manifest back.
 */
export const staticPods: Phase<ControlPlaneView> = {
  title: "control plane settings",
  plan: (view) => {
    if (view.facts.kubernetes.initialized !== view.clusterId) return [];
    return (Object.keys(components) as ComponentKey[]).flatMap((key) => changesOf(view, key));
  },
};

function changesOf(view: ControlPlaneView, key: ComponentKey): readonly Change[] {
  const differences = podDifferences(view, key);
  const isUnproven = view.facts.kubernetes.staticPods?.[components[key]]?.isUnproven === true;
  if (differences.length === 0 && !isUnproven) return [];
  const intent =
    differences.length > 0
      ? `restart the ${titles[key]} with ${differences.join(", ")}`
      : `see whether the ${titles[key]} works with its last change`;
  return [{ intent, work: (context) => change(view, context, key) }];
}

async function change(view: ControlPlaneView, context: ChangeContext, key: ComponentKey): Promise<void> {
  const component = components[key];
  const { runner, signal } = context;
  await runner.write(`${folder}/kubeadm.yaml`, staticPodConfig(view, patchesFolder), { mode: 0o600, signal });
  await runner.write(`${folder}/${component}.args`, argLines(view, key), { mode: 0o600, signal });
  const patch = patchFile(view, key);
  if (patch) await runner.write(`${folder}/${component}.patch`, patch.content, { mode: 0o600, signal });
  const trial = componentTrial({
    component,
    patchPath: patch?.path,
    otherServers: key === "apiServer" && view.facts.kubernetes.apiReady ? otherServers(view) : [],
  });
  await runTrial(view, context, { ...trial, title: titles[key] });
}

/** A process's command line, one word a line, sorted: by it the script knows the new process from the old one. */
function argLines(view: ControlPlaneView, key: ComponentKey): string {
  const lines = Object.entries(wantedArgs(view, key)).flatMap(([name, values]) =>
    values.map((value) => `--${name}=${value}\n`),
  );
  return lines.join("");
}

function otherServers({ peers, host, cluster }: ControlPlaneView): readonly string[] {
  const others = Object.values(peers).filter((address) => address !== host.nodeAddress);
  return others.map((address) => `https://${address}:${String(apiPortOf(cluster.endpoint))}`);
}
