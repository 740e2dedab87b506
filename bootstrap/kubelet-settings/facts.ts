import { parse } from "yaml";
import type { KubernetesFacts } from "../../clusters/facts.ts";
import type { Sections } from "../facts/sections.ts";
import { paths } from "../paths.ts";

/** The part of the facts script about the kubelet's configuration, and what it was last made with. */
export const kubeletSettingsPart = `
section kubeletConfig; cat ${paths.kubeletConfig}
section kubeletSettings; cat ${paths.kubeletSettings}`;

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
