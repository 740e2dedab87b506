import { parse } from "yaml";
import type { KubernetesFacts } from "../../clusters/facts.ts";
import type { Sections } from "../facts/sections.ts";
import type { WholeFile } from "../facts/whole-files.ts";
import { paths } from "../paths.ts";

/** The kubelet's configuration, and what it was last made with. */
export const kubeletSettingsFiles: readonly WholeFile[] = [
  ["kubeletConfig", paths.kubeletConfig],
  ["kubeletSettings", paths.kubeletSettings],
];

export function parseKubeletSettings({ text, lines }: Sections): KubernetesFacts["kubelet"] {
  const live = text("kubeletConfig");
  if (live === "") return undefined;
  return {
    live: parseYaml(live),
    noted: parseYaml(text("kubeletSettings")),
    isUnproven: lines("kept").includes("kubelet.yaml"),
  };
}

function parseYaml(content: string): Readonly<Record<string, unknown>> {
  try {
    return (parse(content) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
