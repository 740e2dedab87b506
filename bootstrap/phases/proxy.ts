import { paths } from "../paths.ts";
import { writeFiles } from "../view.ts";
import type { HostView, Phase, WantedFile } from "../view.ts";

/** Tells containerd and the package manager by which proxies the world is reached. */
export const proxy: Phase = {
  title: "proxy",
  plan: (view) => {
    const file = proxyFile(view);
    const intent = view.cluster.proxy === undefined ? "forget the proxies" : "set the proxies";
    return file === undefined ? [] : writeFiles(view.facts, intent, [file]);
  },
};

/**
 * The variables as a file that systemd and a shell read alike. Only root may: an address can hold a password, and a
 * unit's own variables are shown to everybody. It is emptied, not deleted, so that containerd is seen to be older.
 */
export function proxyFile(view: Pick<HostView, "cluster" | "host" | "facts">): WantedFile | undefined {
  const { proxy: wanted } = view.cluster;
  if (wanted === undefined && view.facts.files[paths.proxy] === undefined) return undefined;
  const variables = {
    HTTP_PROXY: wanted?.http,
    HTTPS_PROXY: wanted?.https,
    NO_PROXY: wanted === undefined ? undefined : direct(view).join(","),
  };
  const lines = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}='${value}'\n`, `${name.toLowerCase()}='${value}'\n`],
  );
  return { path: paths.proxy, content: lines.join(""), mode: 0o600 };
}

/** For the scripts of units: what the file says, if there is one. */
export const useProxy = `[ ! -s ${paths.proxy} ] || { set -a; . ${paths.proxy}; set +a; }`;

/** What is reached without a proxy: the program's list, and everything of the cluster. */
function direct({ cluster, host }: Pick<HostView, "cluster" | "host">): readonly string[] {
  const { podCidr, serviceCidr, dnsDomain, nodeAddresses } = cluster.network;
  const nodes = nodeAddresses !== undefined && "cidr" in nodeAddresses ? [nodeAddresses.cidr] : [];
  const { host: endpoint, peers = {} } = cluster.endpoint;
  const all = [
    ...(cluster.proxy?.noProxy ?? []),
    ...["localhost", "127.0.0.0/8", podCidr, serviceCidr, ".svc", `.${dnsDomain}`],
    ...[endpoint, ...Object.values(peers), host.nodeAddress, ...nodes],
  ];
  return [...new Set(all)];
}
