import { command, quote } from "../../remote/quote.ts";
import { KeelsonError } from "../../errors.ts";
import { hasKubeletCertificate } from "../facts/kubelet-certificate.ts";
import { discoveryConfig, joinConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import { ownerAnnotation } from "../node-settings.ts";
import { runUnit } from "../unit.ts";
import type { ChangeContext, Phase } from "../view.ts";
import { apiOf, waitForNode } from "./node.ts";
import type { NodeView } from "./node.ts";

/**
 * Joins the host to its cluster with kubeadm. The token is made for this join alone and taken back after it; it is
 * only ever in a file in the host's memory.
 */
export const join: Phase<NodeView> = {
  title: "join",
  plan: (view) => {
    if (view.facts.kubernetes.kubeletConf) return [];
    return [
      {
        intent: "join the cluster with kubeadm",
        work: (context) =>
          enterCluster(view, context, {
            unit: "kubeadm-join",
            config: (token) => joinConfig(view, token),
            script,
          }),
      },
    ];
  },
};

/** Makes the kubelet of a host whose Node was deleted register it anew: it does so only when it starts. */
export const registration: Phase<NodeView> = {
  title: "registration",
  plan: (view) => {
    if (!view.facts.kubernetes.kubeletConf || view.node !== undefined) return [];
    return [
      {
        intent: "restart the kubelet, so that it registers its Node again",
        work: async ({ runner, signal }) => {
          await runner.run("systemctl restart kubelet.service", { signal });
          await waitForNode(view, signal);
        },
      },
    ];
  },
};

/** What differs between the roles: the unit's name, kubeadm's configuration for a token, and the unit's script. */
export interface Entry {
  readonly unit: string;
  readonly config: (token: string) => string;
  readonly script: string;
}

/** Runs a join with a token of its own and waits until the kubelet has registered the Node. */
export async function enterCluster(
  view: NodeView,
  context: ChangeContext,
  { unit, config, script }: Entry,
): Promise<void> {
  const { runner, signal } = context;
  await removeStaleNode(view);
  const { token, revoke } = await apiOf(view).mintJoinToken(view.host.nodeName);
  try {
    const secret = { mode: 0o600, signal };
    await Promise.all([
      runner.write(paths.discovery, discoveryConfig(view), secret),
      runner.write(paths.joinConfig, config(token), secret),
    ]);
    // The unit outlives a run that is killed: it takes the token with it.
    const own = `trap ${quote(removeConfigs)} EXIT\n${script}`;
    await runUnit(context, { name: unit, script: own, deadlineSeconds: 300 });
    // The kubelet registers its Node a moment after kubeadm is done.
    await waitForNode(view, signal);
  } finally {
    await Promise.allSettled([revoke(), runner.run(removeConfigs)]);
  }
}

const removeConfigs = command`rm -f ${[paths.discovery, paths.joinConfig]}`;

/**
 * A host that holds no credentials cannot be the Node of its name: it was installed anew, or replaced.
 *
 * @throws KeelsonError KEELSON_HOST_DUPLICATE if the Node is not the cluster's own
 */
async function removeStaleNode(view: NodeView): Promise<void> {
  const { node, host, clusterId } = view;
  if (node === undefined) return;
  if (node.annotations[ownerAnnotation] !== clusterId) {
    throw new KeelsonError(
      "KEELSON_HOST_DUPLICATE",
      `Cannot join ${host.name}: there is a Node "${host.nodeName}" already that keelson did not make`,
      { fix: "Remove that Node or give the host another nodeName" },
    );
  }
  await apiOf(view).deleteNode(host.nodeName);
}

/** The kubelet of a join that was cut off goes on by itself, and may have joined since the host was read. */
const script = `export HOME=/root
systemctl stop kubelet.service
if ${hasKubeletCertificate}; then rm -f ${paths.bootstrapKubeletConf}; systemctl start kubelet.service; exit; fi
rm -f ${paths.kubeletConf}
${command`kubeadm join --config ${paths.joinConfig}`}`;
