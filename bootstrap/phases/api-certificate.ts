import { isSameName } from "../api-names.ts";
import { dueLeaves, planeLeaves } from "../certificates/leaves.ts";
import { apiPortOf } from "../../clusters/endpoint.ts";
import { command } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { certificateConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import { runUnit } from "../unit.ts";
import { writeFiles } from "../view.ts";
import type { ChangeContext, ControlPlaneView, Phase, WantedFile } from "../view.ts";

const folder = `${paths.run}/certificate`;
const config = `${folder}/kubeadm.yaml`;

/**
 * Keeps the names in the certificate of a living API server: those that lack are added, those that the program wanted
 * and wants no more are taken away. All others stay, so that whoever still uses a former endpoint is served. The API
 * server reads the new certificate while it runs.
 */
export const apiCertificate: Phase<ControlPlaneView> = {
  title: "API certificate",
  plan: (view) => {
    const missing = missingNames(view);
    const gone = formerNames(view);
    if (view.facts.kubernetes.initialized !== view.clusterId || missing.length + gone.length === 0) return [];
    // One that is renewed gets its names by the way.
    if (dueLeaves(view, planeLeaves).some(({ leaf }) => leaf.path === paths.apiCertificate)) return [];
    const words = [
      ...(missing.length > 0 ? [`add to the API server's certificate: ${missing.join(", ")}`] : []),
      ...(gone.length > 0 ? [`take from the API server's certificate: ${gone.join(", ")}`] : []),
    ];
    return [{ intent: words.join("; "), work: (context) => renew(view, context) }];
  },
};

/** Notes on the host which names are the program's, before a certificate has them: only those are ever taken away. */
export const wantedSans: Phase<ControlPlaneView> = {
  title: "certificate names",
  plan: (view) => {
    const noted = view.facts.kubernetes.certSans ?? [];
    const all = [...new Set([...noted, ...sansOf(view)])].sort();
    if (all.length === noted.length) return [];
    return writeFiles(view.facts, "note the names that the API server's certificate shall have", [
      sansFile(all),
    ]);
  },
};

/** The names that an API server's certificate shall have. Pure. */
export function certifiedNames(view: ControlPlaneView): readonly string[] {
  const gone = formerNames(view);
  const kept = (view.facts.kubernetes.apiNames ?? []).filter((name) => !isIn(gone, name));
  return [...new Set([...kept, ...missingNames(view)])].sort();
}

function missingNames({ facts, apiNames }: ControlPlaneView): readonly string[] {
  return apiNames.filter((name) => !isIn(facts.kubernetes.apiNames ?? [], name));
}

function formerNames({ facts, apiNames }: ControlPlaneView): readonly string[] {
  const { certSans = [], apiNames: has = [] } = facts.kubernetes;
  return certSans.filter((name) => isIn(has, name) && !isIn(apiNames, name));
}

function isIn(names: readonly string[], name: string): boolean {
  return names.some((other) => isSameName(name, other));
}

function sansOf({ cluster }: ControlPlaneView): readonly string[] {
  return [...(cluster.controlPlane?.certSans ?? [])].sort();
}

function sansFile(names: readonly string[]): WantedFile {
  return { path: paths.certSans, content: names.map((name) => `${name}\n`).join("") };
}

async function renew(view: ControlPlaneView, context: ChangeContext): Promise<void> {
  const { runner, signal } = context;
  await runner.write(config, certificateConfig(view, certifiedNames(view), folder), { mode: 0o600, signal });
  await runUnit(context, { name: "api-certificate", script, deadlineSeconds: 60 });
  await waitUntilShown(view, context);
  if (formerNames(view).length > 0) {
    const { path, content } = sansFile(sansOf(view));
    await runner.write(path, content, { signal });
  }
}

/** What is added shows that the new certificate is in use; nothing is waited for when names only go. */
async function waitUntilShown(view: ControlPlaneView, { runner, signal }: ChangeContext): Promise<void> {
  const [name] = missingNames(view);
  if (name === undefined) return;
  await waitFor({
    what: `the API server of "${view.host.name}" to show its new certificate`,
    deadlineMs: 90_000,
    signal,
    probe: async () => {
      const server = `https://127.0.0.1:${String(apiPortOf(view.cluster.endpoint))}`;
      const ask = command`${paths.binaries}/kubectl --kubeconfig ${paths.adminConf} --server ${server} --tls-server-name ${name} --request-timeout=5s get --raw /livez`;
      return (await runner.run(ask, { signal })).stdout.trim() === "ok" ? true : undefined;
    },
  });
}

/** The key goes first: a certificate that carries the names then always has its key. */
const script = `set -e
export HOME=/root
cp -p ${paths.pki}/ca.crt ${paths.pki}/ca.key ${folder}
kubeadm init phase certs apiserver --config ${config}
for f in apiserver.key apiserver.crt; do
cp -p ${folder}/$f ${paths.pki}/.$f && mv -f ${paths.pki}/.$f ${paths.pki}/$f
done
rm -rf ${folder}`;
