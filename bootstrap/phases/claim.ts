import type { OwnerToken } from "../../clusters/facts.ts";
import { paths } from "../paths.ts";
import type { HostView, Phase } from "../view.ts";

/** Writes the owner token, so that no other cluster takes the host and only its owner ever resets it. */
export const claim: Phase = {
  title: "claim",
  isSeenLater: true,
  plan: (view) => {
    const token = tokenOf(view);
    if (JSON.stringify(view.facts.owner) === JSON.stringify(token)) return [];
    return [
      {
        intent: `claim the host for cluster "${view.cluster.name}"`,
        work: ({ runner, signal }) => runner.write(paths.owner, `${JSON.stringify(token)}\n`, { signal }),
      },
    ];
  },
};

function tokenOf({ cluster, clusterId, host }: HostView): OwnerToken {
  return {
    clusterId,
    clusterName: cluster.name,
    name: host.name,
    nodeName: host.nodeName,
    role: host.role,
    kubernetes: cluster.kubernetes,
  };
}
