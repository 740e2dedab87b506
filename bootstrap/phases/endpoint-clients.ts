import { apiPortOf, authorityOf } from "../../clusters/endpoint.ts";
import { command, quote } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { paths } from "../paths.ts";
import type { ChangeContext, HostView, Phase } from "../view.ts";
import { apiOf } from "./node.ts";
import type { NodeView } from "./node.ts";

/** Leads a host's own clients of the API, the kubelet first of all, to the endpoint. */
export const endpointClients: Phase<NodeView> = {
  title: "endpoint clients",
  plan: (view) => {
    const wrong = Object.entries(wantedServers(view)).filter(
      ([path, server]) => (view.facts.kubernetes.servers?.[path] ?? server) !== server,
    );
    return wrong.map(([path, server]) => ({
      intent: `lead ${path} to ${server}`,
      work: (context) => lead(view, context, { path, server }),
    }));
  },
};

/**
 * A worker's kubelet asks the endpoint, a control plane's the API server beside it: kubeadm wants it so, since a kubelet
 * may not be newer than the server that it asks. Pure.
 */
export function wantedServers({ host, cluster: { endpoint } }: HostView): Readonly<Record<string, string>> {
  const server = `https://${authorityOf(endpoint)}`;
  if (host.role === "worker") return { [paths.kubeletConf]: server };
  const beside = `https://${authorityOf({ host: host.nodeAddress, port: apiPortOf(endpoint) })}`;
  return { [paths.kubeletConf]: beside, [paths.adminConf]: server, [paths.superAdminConf]: server };
}

/** Writes another server into a kubeconfig. */
export function leadTo({ path, server }: Lead): string {
  const expression = `s#^\\( *server: \\).*#\\1${server}#`;
  return command`sed -i ${expression} ${path}`;
}

interface Lead {
  readonly path: string;
  readonly server: string;
}

/** Nothing is led to where nobody answers, and a kubelet that was led on must be heard of again. */
async function lead(view: NodeView, context: ChangeContext, { path, server }: Lead): Promise<void> {
  const { runner, signal } = context;
  const { hostname, port } = new URL(server);
  const address = hostname.replace(/^\[|\]$/g, "");
  await waitFor({
    what: `${server} to answer "${view.host.name}"`,
    deadlineMs: 30_000,
    signal,
    probe: async () => {
      const probe = `timeout 3 bash -c ${quote(`</dev/tcp/${address}/${port || "443"}`)} 2>/dev/null`;
      return (await runner.run(probe, { signal, okCodes: [0, 1, 124] })).exitCode === 0 ? true : undefined;
    },
  });
  const replace = leadTo({ path, server });
  if (path !== paths.kubeletConf) {
    await runner.run(replace, { signal });
    return;
  }
  const before = (await apiOf(view).node(view.host.nodeName))?.heartbeat;
  await runner.run(`${replace} && systemctl restart kubelet.service`, { signal });
  if (before === undefined) return;
  await waitFor({
    what: `the kubelet of "${view.host.name}" to report through ${server}`,
    deadlineMs: 60_000,
    signal,
    probe: async () => {
      const node = await apiOf(view).node(view.host.nodeName);
      return node !== undefined && node.heartbeat !== before ? true : undefined;
    },
  });
}
