import { stringify } from "yaml";
import type { HostFacts } from "../../clusters/facts.ts";
import type { KubeletSettings } from "../../clusters/settings/kubelet.ts";
import { paths } from "../paths.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import type { WantedFile } from "../view.ts";

/**
 * The program's settings as a patch that kubeadm applies to the cluster's kubelet configuration. It says what the
 * configuration was last made with, and is emptied, not deleted, when nothing is wanted any more.
 */
export function settingsFile(facts: HostFacts, settings: KubeletSettings = {}): WantedFile | undefined {
  const isEmpty = Object.keys(settings).length === 0;
  if (isEmpty && facts.files[paths.kubeletSettings] === undefined) return undefined;
  return {
    path: paths.kubeletSettings,
    content: stringify(settings, { ...kubernetesYaml, sortMapEntries: true }),
  };
}
