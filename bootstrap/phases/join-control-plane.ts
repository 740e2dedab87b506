import { authorityOf } from "../../clusters/endpoint.ts";
import { command } from "../../remote/quote.ts";
import { controlPlaneJoinConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import type { ControlPlaneView, Phase } from "../view.ts";
import { leadTo, wantedServers } from "./endpoint-clients.ts";
import { enterCluster } from "./join.ts";
import { bootstrapThrough, settleKubelet } from "./kubelet-bootstrap.ts";
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

/** kubeadm leads the new kubeconfigs to the endpoint that its configuration names, which moves last of all. */
function script(view: ControlPlaneView & NodeView): string {
  const { clusterId, cluster } = view;
  const wanted = wantedServers(view);
  const servers = {
    endpoint: `https://${authorityOf(cluster.endpoint)}`,
    beside: wanted[paths.kubeletConf] ?? "",
  };
  return `set -e
export HOME=/root
${bootstrapThrough(servers)}
${command`kubeadm join --config ${paths.joinConfig}`}
${settleKubelet(servers)}
${leadTo({ path: paths.adminConf, server: wanted[paths.adminConf] ?? "" })}
${command`echo ${clusterId} > ${paths.initialized}`}`;
}
