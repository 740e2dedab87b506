import { paths } from "../../bootstrap/paths.ts";
import type { HostFacts } from "../../clusters/facts.ts";

/** What the facts script would print of a host, as far as a removal asks. */
export function factsText({ owner, kubernetes }: HostFacts): string {
  const present = [
    ...(kubernetes.kubeletConf ? [paths.kubeletConf] : []),
    ...(kubernetes.etcdData ? [`${paths.etcdData}/member`] : []),
  ];
  const sections = {
    owner: owner === undefined ? "" : JSON.stringify(owner),
    present: present.join("\n"),
    initialized: kubernetes.initialized ?? "",
    manifests: kubernetes.manifests.join("\n"),
    end: "",
  };
  return Object.entries(sections)
    .map(([name, text]) => `\u001e${name}\n${text}\n`)
    .join("");
}
