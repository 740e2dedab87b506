import { posix } from "node:path";
import { describeDue, dueLeaves, kubeletLeaf, planeLeaves } from "../certificates/leaves.ts";
import type { DueLeaf, Leaf } from "../certificates/leaves.ts";
import { command } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { certificateConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import { runUnit } from "../unit.ts";
import type { ChangeContext, ControlPlaneView, Phase } from "../view.ts";
import { certifiedNames } from "./api-certificate.ts";

const folder = `${paths.run}/certificates`;
const config = `${folder}/kubeadm.yaml`;
const made = { pki: `${folder}/pki`, conf: `${folder}/conf` };

/**
 * Makes the certificates of a control plane anew before they end, or after. It needs no API, since there is none when
 * they have ended. The API server and etcd read theirs while they run; those who do not are started anew.
 */
export const certificates: Phase<ControlPlaneView> = {
  title: "certificates",
  plan: (view) => {
    if (view.facts.kubernetes.initialized !== view.clusterId) return [];
    const due = dueLeaves(view, [...planeLeaves, kubeletLeaf]);
    if (due.length === 0) return [];
    return [
      { intent: `renew certificates: ${describeDue(due)}`, work: (context) => renew(view, context, due) },
    ];
  },
};

async function renew(view: ControlPlaneView, context: ChangeContext, due: readonly DueLeaf[]): Promise<void> {
  const { runner, signal } = context;
  const content = certificateConfig(view, certifiedNames(view), made.pki);
  await runner.write(config, content, { mode: 0o600, signal });
  await runUnit(context, { name: "certificates", script: renewScript(due), deadlineSeconds: 120 });
  await waitFor({
    what: `controller manager and scheduler of "${view.host.name}" to run with their new certificates`,
    deadlineMs: 90_000,
    signal,
    probe: async () => {
      const ask = "timeout 3 bash -c '</dev/tcp/127.0.0.1/10257 && </dev/tcp/127.0.0.1/10259' 2>/dev/null";
      return (await runner.run(ask, { signal, okCodes: [0, 1, 124] })).exitCode === 0 ? true : undefined;
    },
  });
}

/**
 * All are made before the first is replaced. Who waits because of a certificate that had ended waits longer and longer:
 * a kubelet that is started anew tries at once.
 */
function renewScript(due: readonly DueLeaf[]): string {
  const leaves = due.map(({ leaf }) => leaf);
  const restarted = restartedBy.filter(({ name }) => leaves.some((leaf) => leaf.name === name));
  return [
    "set -e",
    "export HOME=/root",
    command`rm -rf ${[made.pki, made.conf]} && mkdir -p -m 700 ${[`${made.pki}/etcd`, made.conf]}`,
    ...["ca", "front-proxy-ca", "etcd/ca"].map(copyLine),
    ...leaves.map(makeLine),
    ...leaves.map(placeLine),
    ...restarted.map(({ container }) => killLine(container)),
    ...(due.some(({ isOver }) => isOver) ? ["systemctl restart kubelet.service"] : []),
    command`rm -rf ${folder}`,
  ].join("\n");
}

function copyLine(authority: string): string {
  const files = ["crt", "key"].map((kind) => `${paths.pki}/${authority}.${kind}`);
  return command`cp -p ${files} ${posix.dirname(`${made.pki}/${authority}`)}`;
}

/** They read their certificates once. */
const restartedBy = [
  { name: "controller-manager", container: "kube-controller-manager" },
  { name: "scheduler", container: "kube-scheduler" },
] as const;

function makeLine({ name, kind }: Leaf): string {
  if (kind === "certificate") return command`kubeadm init phase certs ${name} --config ${config}`;
  return command`kubeadm init phase kubeconfig ${name} --config ${config} --kubeconfig-dir ${made.conf}`;
}

/** The key goes first: a certificate then always has its key. */
function placeLine({ path, kind }: Leaf): string {
  if (kind === "kubelet") return kubeletLine;
  if (kind === "kubeconfig") return replaceLine(path, path.replace(paths.kubernetes, made.conf));
  return [path.replace(/crt$/, "key"), path]
    .map((file) => replaceLine(file, file.replace(paths.pki, made.pki)))
    .join("\n");
}

/** A rename within the folder: nobody ever reads half a file. */
function replaceLine(path: string, from: string): string {
  return command`cp -p ${from} ${`${path}.new`} && mv -f ${`${path}.new`} ${path}`;
}

/** The kubelet keeps certificate and key in one file, to which a link leads. */
const kubeletLine = `(umask 077; f=${made.conf}/kubelet.conf; to=${paths.kubelet}/pki/kubelet-client-$(date +%Y-%m-%d-%H-%M-%S).pem
for key in certificate key; do sed -n "s/^ *client-$key-data: *//p" $f | base64 -d; done >$to
ln -sfn $to ${paths.kubeletCertificate})`;

function killLine(container: string): string {
  const filter = `labels."io.kubernetes.container.name"==${container}`;
  return `for c in $(${command`${paths.binaries}/ctr -n k8s.io containers ls -q ${filter}`}); do ${paths.binaries}/ctr -n k8s.io tasks kill --signal SIGTERM $c 2>/dev/null || true; done`;
}
