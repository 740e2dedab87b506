import { isSameName } from "../api-names.ts";
import { dueLeaves, planeLeaves } from "../certificates/leaves.ts";
import { apiPortOf } from "../../clusters/endpoint.ts";
import { command } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { certificateConfig } from "../kubeadm-config.ts";
import { paths } from "../paths.ts";
import { runUnit } from "../unit.ts";
import type { ChangeContext, ControlPlaneView, Phase } from "../view.ts";

const folder = `${paths.run}/certificate`;
const config = `${folder}/kubeadm.yaml`;

/**
 * Keeps the names in the certificate of a living API server complete. Names are only ever added: whoever still uses a
 * former endpoint is served. The API server reads the new certificate while it runs.
 */
export const apiCertificate: Phase<ControlPlaneView> = {
  title: "API certificate",
  plan: (view) => {
    const missing = missingNames(view);
    if (view.facts.kubernetes.initialized !== view.clusterId || missing.length === 0) return [];
    // One that is renewed gets its names by the way.
    if (dueLeaves(view, planeLeaves).some(({ leaf }) => leaf.path === paths.apiCertificate)) return [];
    return [
      {
        intent: `add to the API server's certificate: ${missing.join(", ")}`,
        work: (context) => renew(view, context, missing),
      },
    ];
  },
};

/** The names that an API server's certificate has and shall have. Pure. */
export function certifiedNames(view: ControlPlaneView): readonly string[] {
  return [...new Set([...(view.facts.kubernetes.apiNames ?? []), ...missingNames(view)])].sort();
}

function missingNames({ facts, apiNames }: ControlPlaneView): readonly string[] {
  const has = facts.kubernetes.apiNames ?? [];
  return apiNames.filter((name) => !has.some((other) => isSameName(name, other)));
}

async function renew(
  view: ControlPlaneView,
  context: ChangeContext,
  missing: readonly string[],
): Promise<void> {
  const { runner, signal } = context;
  await runner.write(config, certificateConfig(view, certifiedNames(view), folder), { mode: 0o600, signal });
  await runUnit(context, { name: "api-certificate", script, deadlineSeconds: 60 });
  const [name = ""] = missing;
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
