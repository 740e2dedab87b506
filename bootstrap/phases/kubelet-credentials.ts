import { dueLeaves, kubeletLeaf } from "../certificates/leaves.ts";
import { command } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { bootstrapConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import type { ChangeContext, Phase } from "../view.ts";
import { apiOf } from "./node.ts";
import type { NodeView } from "./node.ts";

/**
 * Gives a worker's kubelet another certificate when its own has ended while it did not run, with a token that is made
 * for that alone and taken back. The Node and its pods stay.
 */
export const kubeletCredentials: Phase<NodeView> = {
  title: "kubelet credentials",
  plan: (view) => {
    const [due] = view.facts.kubernetes.kubeletConf ? dueLeaves(view, [kubeletLeaf]) : [];
    if (due === undefined) return [];
    return [
      { intent: `renew the kubelet's certificate: ${due.why}`, work: (context) => renew(view, context) },
    ];
  },
};

async function renew(view: NodeView, { runner, signal }: ChangeContext): Promise<void> {
  const { nodeName, name } = view.host;
  const { token, revoke } = await apiOf(view).mintJoinToken(nodeName);
  try {
    await runner.write(paths.bootstrapKubeletConf, bootstrapConfig(view, token), { mode: 0o600, signal });
    const before = (await runner.run(newest, { signal })).stdout;
    await runner.run("systemctl restart kubelet.service", { signal });
    await waitFor({
      what: `the kubelet of "${name}" to get a certificate`,
      deadlineMs: 90_000,
      signal,
      probe: async () => ((await runner.run(newest, { signal })).stdout === before ? undefined : true),
    });
  } finally {
    const forget = runner.run(command`rm -f ${paths.bootstrapKubeletConf}`);
    await Promise.allSettled([revoke(), forget]);
  }
}

/** The file to which the link leads: the kubelet writes another one for each certificate. */
const newest = command`readlink -f ${paths.kubeletCertificate} || true`;
