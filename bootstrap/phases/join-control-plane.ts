import { command } from "../../remote/quote.ts";
import { controlPlaneJoinConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import type { ControlPlaneView, Phase } from "../view.ts";
import { enterCluster } from "./join.ts";
import type { NodeView } from "./node.ts";

/** Joins the host to the control plane with kubeadm: its etcd learns, is promoted, and only then the host is marked. */
export const joinControlPlane: Phase<ControlPlaneView & NodeView> = {
  title: "join control plane",
  plan: (view) => {
    if (view.facts.kubernetes.initialized === view.clusterId) return [];
    return [
      {
        intent: "join the control plane with kubeadm",
        work: (context) =>
          enterCluster(view, context, {
            unit: controlPlaneJoinUnit,
            config: (token) => controlPlaneJoinConfig(view, token),
            script: script(view),
          }),
      },
    ];
  },
};

/** The transient unit's name. A join that lost its run may finish: stopped halfway, it would leave a learner. */
export const controlPlaneJoinUnit = "control-plane-join";

function script({ clusterId }: ControlPlaneView): string {
  return `set -e
export HOME=/root
${command`kubeadm join --config ${paths.joinConfig}`}
${command`echo ${clusterId} > ${paths.initialized}`}`;
}
