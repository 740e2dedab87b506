import { waitFor } from "../../remote/wait.ts";
import { askOwnApi } from "../facts/script.ts";
import type { ChangeContext, ControlPlaneView, Phase } from "../view.ts";

/** The gate of a control plane: its API server says that it is ready, which includes etcd. Never Node Ready. */
export const apiReady: Phase<ControlPlaneView> = {
  title: "API ready",
  plan: ({ facts, host }) => {
    // kubeadm init ends with an API that answers: a preview must not list a wait that will not come.
    if (facts.kubernetes.apiReady || facts.kubernetes.initialized === undefined) return [];
    return [
      {
        intent: "wait until the API server is ready",
        work: async (context) => {
          await waitFor({
            what: `the API server of "${host.name}" to be ready`,
            deadlineMs: 240_000,
            signal: context.signal,
            probe: () => isReady(context),
            diagnose: () => diagnose(context),
            onWaiting: context.log,
          });
        },
      },
    ];
  },
};

async function isReady({ runner, signal }: ChangeContext): Promise<true | undefined> {
  const { stdout } = await runner.run(askOwnApi(5), { signal });
  return stdout.trim() === "ok" ? true : undefined;
}

/** The kubelet's last words and the control plane's containers that do not run. */
async function diagnose({ runner, signal }: ChangeContext): Promise<string> {
  const { stdout } = await runner.run(
    `systemctl is-active containerd kubelet | tr '\\n' ' '; journalctl -u kubelet -n 3 -o cat --no-pager | cut -c 1-300`,
    { signal },
  );
  return `containerd and kubelet: ${stdout.trim()}`;
}
