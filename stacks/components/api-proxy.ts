import { createHash, hkdfSync } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Identity } from "../../clusters/identity.ts";
import { ApiProxy, ApiProxyProvider, type ConnectionArgs, type HostRecordArgs } from "../resources.ts";

/** Below the ports that systems give to outgoing connections. */
const firstPort = 20_000;
const ports = 10_000;

export interface ApiProxyArgs {
  readonly parent: pulumi.Resource;
  readonly deletedWith: pulumi.Resource;
  readonly name: string;
  readonly identity: pulumi.Output<Identity>;
  readonly kubeconfig: pulumi.Output<string>;
  /** Where API servers listen. */
  readonly apiPort: number;
  readonly controlPlane: HostRecordArgs;
  /** @default - from the cluster's id */
  readonly port?: number | undefined;
}

/**
 * Leads a kubeconfig through the SSH connections of the cluster's hosts. What the state holds follows from the cluster
 * alone, so it is the same on every computer and in every run.
 */
export function proxiedKubeconfig(args: ApiProxyArgs): pulumi.Output<string> {
  const { parent, deletedWith, name, identity, kubeconfig, apiPort, controlPlane } = args;
  const login = identity.apply(({ clusterId, ca }) => ({
    port: args.port ?? firstPort + (createHash("sha256").update(clusterId).digest().readUInt32BE() % ports),
    user: clusterId,
    password: Buffer.from(hkdfSync("sha256", ca.privateKey, clusterId, "keelson API proxy", 24)).toString(
      "hex",
    ),
  }));
  const hosts = Object.entries(controlPlane).map(([key, { nodeAddress, connection }]) => [
    key,
    { nodeAddress, connection: withoutSudo(connection) },
  ]);
  const settings = pulumi
    .all([login, pulumi.output(Object.fromEntries(hosts) as pulumi.Inputs)])
    .apply(([mine, known]) => JSON.stringify({ ...mine, apiPort, hosts: known }));
  const provider = new ApiProxyProvider(name, { apiProxy: pulumi.secret(settings) }, { parent });
  const proxyUrl = login.apply(
    ({ port, user, password }) =>
      `socks5://${encodeURIComponent(user)}:${password}@127.0.0.1:${String(port)}`,
  );
  return new ApiProxy(
    name,
    { kubeconfig, proxyUrl: pulumi.secret(proxyUrl) },
    { parent, provider, deletedWith },
  ).kubeconfig;
}

/** Nothing becomes root to dial. */
function withoutSudo(connection: ConnectionArgs): pulumi.Inputs {
  return Object.fromEntries(Object.entries(connection).filter(([key]) => key !== "sudoPassword"));
}
