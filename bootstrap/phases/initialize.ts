import { command } from "../../remote/quote.ts";
import { initConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import { runUnit } from "../unit.ts";
import type { ControlPlaneView, Phase } from "../view.ts";

/**
 * Makes the control plane with kubeadm. Run again after it was cut off, kubeadm keeps what is right of certificates,
 * etcd data and manifests, and goes through to the end; only then the host is marked.
 */
export const initialize: Phase<ControlPlaneView> = {
  title: "initialize",
  plan: (view) => {
    if (view.facts.kubernetes.initialized === view.clusterId) return [];
    const { manifests, etcdData } = view.facts.kubernetes;
    const verb = manifests.length > 0 || etcdData ? "complete" : "initialize";
    return [
      {
        intent: `${verb} the control plane of Kubernetes ${view.bundle.kubernetes} with kubeadm`,
        work: async (context) => {
          await context.runner.write(paths.initConfig, initConfig(view), {
            mode: 0o600,
            signal: context.signal,
          });
          await runUnit(context, { name: "kubeadm-init", script: script(view), deadlineSeconds: 360 });
        },
      },
    ];
  },
};

function script({ clusterId }: ControlPlaneView): string {
  return `set -e
export HOME=/root
${command`kubeadm init --config ${paths.initConfig}`}
${command`echo ${clusterId} > ${paths.initialized}`}`;
}
