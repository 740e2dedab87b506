import { parse, stringify } from "yaml";
import { constantApiName } from "../../../bootstrap/api-names.ts";
import { KeelsonError } from "../../../errors.ts";
import type { Resource } from "../resource.ts";

export interface ApiProxyInputs {
  /** Unknown in the preview of a new cluster. */
  readonly kubeconfig?: string;
  /** Where the provider listens for SOCKS clients, with user and password. */
  readonly proxyUrl?: string;
}

export interface ApiProxyOutputs {
  /** The kubeconfig, through the proxy. */
  readonly kubeconfig: string;
}

/**
 * The kubeconfig that leads through the listener of its own provider. Reading it before every update and every destroy
 * makes the engine start that provider before the first one that needs the listener.
 */
export const apiProxy: Resource<ApiProxyInputs, ApiProxyOutputs> = {
  type: "keelson:index:ApiProxy",
  outputs: ["kubeconfig"],
  secretOutputs: ["kubeconfig"],
  refreshBeforeUpdate: true,
  diff: {},
  check(inputs) {
    inputs.text("kubeconfig");
    inputs.text("proxyUrl");
  },
  id: () => "proxy",
  create: (_call, inputs) => Promise.resolve({ outputs: throughProxy(inputs) }),
  update: (_call, inputs) => Promise.resolve(throughProxy(inputs)),
  read: () => Promise.resolve({}),
  delete: () => Promise.resolve(),
};

function throughProxy({ kubeconfig, proxyUrl }: ApiProxyInputs): Partial<ApiProxyOutputs> {
  if (kubeconfig === undefined || proxyUrl === undefined) return {};
  const config = parse(kubeconfig) as { clusters?: { cluster: Record<string, unknown> }[] } | null;
  if (!Array.isArray(config?.clusters)) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      "Cannot lead the kubeconfig through a proxy: it names no cluster",
    );
  }
  // Whichever API server is met, also one that came after this was written, it has the name that all of them have.
  for (const { cluster } of config.clusters) {
    Object.assign(cluster, { "proxy-url": proxyUrl, "tls-server-name": constantApiName });
  }
  return { kubeconfig: stringify(config) };
}
