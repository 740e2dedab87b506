import { KeelsonError } from "../errors.ts";
import type { Runner } from "../remote/runner.ts";
import { withHostLock } from "./host-lock.ts";
import { ownerAnnotation } from "./node-settings.ts";
import { paths } from "./paths.ts";
import type { Plane, PlaneHost } from "./plane.ts";
import { heldState } from "./seat-state.ts";
import { runUnit } from "./unit.ts";

export const clearIntent = "take the remains of an unfinished control plane off the host";

/**
 * Takes a control plane that is no member of the cluster off its host, so that the host can join: programs, images and
 * the cluster's authorities stay. The caller has made sure that no living member knows it.
 *
 * @throws KeelsonError KEELSON_COMMAND_FAILED if something remains
 */
export async function clearRemains(
  { operation, request, api }: Plane,
  { host, target }: PlaneHost,
  runner: Runner,
): Promise<void> {
  const { signal } = operation;
  const { clusterId } = request.identity;
  const log = (line: string): void => {
    operation.log(host.name, line);
  };
  operation.onPhase?.(host.name, "clear");
  await withHostLock(runner, signal, async () => {
    operation.onIntent({ host: host.name, what: clearIntent });
    await runner.run("systemctl stop kubelet.service", { signal, okCodes: [0, 5] });
    const owner = (await api.node(host.nodeName))?.annotations[ownerAnnotation];
    // Not yet marked: the join was cut off before its Node was. A stopped kubelet does not register it again.
    if (owner === undefined || owner === clusterId) await api.deleteNode(host.nodeName);
    await runUnit({ runner, signal, log }, { name: "clear", script, deadlineSeconds: 120 });
    const { facts } = await target.look();
    if (heldState(facts, clusterId) === "blank") return;
    throw new KeelsonError(
      "KEELSON_COMMAND_FAILED",
      `Cannot clear ${host.name}: parts of a control plane remain`,
    );
  });
}

const leaves = [
  "apiserver",
  "apiserver-kubelet-client",
  "apiserver-etcd-client",
  "front-proxy-client",
  "etcd/server",
  "etcd/peer",
  "etcd/healthcheck-client",
].flatMap((name) => [`${paths.pki}/${name}.crt`, `${paths.pki}/${name}.key`]);

/** The data go last: while they are there, a clearing that was cut off is found and done again. */
const script = `
rm -f ${paths.initialized} ${paths.initConfig}
systemctl kill --signal=KILL kubepods.slice
systemctl stop kubepods.slice
cut -d ' ' -f 2 /proc/self/mounts | grep '^${paths.kubelet}/' | sort -r | while read -r m; do umount "$m" || umount -l "$m"; done
rm -f ${paths.manifests}/*.yaml ${paths.kubernetes}/*.conf ${leaves.join(" ")}
empty() { [ ! -d "$1" ] || find "$1" -xdev -mindepth 1 -delete; }
empty ${paths.kubelet}
empty ${paths.etcdData}
`;
