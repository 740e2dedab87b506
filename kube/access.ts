import type { KubeConfig } from "@kubernetes/client-node";
import type { RequestOptions } from "node:https";
import { KeelsonError } from "../errors.ts";

/** Where an API server is and how to prove who asks. Holds secrets. */
export interface Access {
  readonly host: string;
  readonly port: number;
  /** Path below which the API lives; empty, or without a slash at its end. */
  readonly basePath: string;
  readonly tls: Pick<RequestOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;
  /** Asked for each request, since the tokens of a plugin expire. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
}

/**
 * Reads the current context of a kubeconfig. `viaDials` says that connections are made by the caller, so that a
 * `proxy-url` does not matter.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if it is not a kubeconfig or names no server with HTTPS,
 * KEELSON_NOT_SUPPORTED if it wants a proxy
 */
export async function readAccess(kubeconfig: string, viaDials: boolean): Promise<Access> {
  const config = await load(kubeconfig);
  const cluster = config.getCurrentCluster();
  const url = cluster === null ? null : URL.parse(cluster.server);
  if (url?.protocol !== "https:") throw invalid("its current context names no cluster with an HTTPS address");
  if (cluster?.proxyUrl !== undefined && !viaDials) {
    throw new KeelsonError(
      "KEELSON_NOT_SUPPORTED",
      `Cannot use the kubeconfig: it wants a proxy, ${cluster.proxyUrl}`,
      {
        fix: "Use a kubeconfig without proxy-url, or give the hosts through which the cluster is reached",
      },
    );
  }
  const options = await optionsOf(config);
  const user = config.getCurrentUser();
  const isConstant = user?.exec === undefined && user?.authProvider === undefined;
  let known: RequestOptions | undefined = options;
  return {
    host: url.hostname.replace(/^\[|\]$/gu, ""),
    port: url.port === "" ? 443 : Number(url.port),
    basePath: url.pathname.replace(/\/$/u, ""),
    tls: tlsOf(options),
    headers: async () => {
      const current = known ?? (await optionsOf(config));
      if (!isConstant) known = undefined;
      return plainHeaders(current);
    },
  };
}

/** The library is read when it is first needed, and no more of it than what reads a kubeconfig: the rest is models. */
async function load(kubeconfig: string): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const config = new KubeConfig();
  try {
    config.loadFromString(kubeconfig);
  } catch {
    // The parser's message may quote the text, which is a secret.
    throw invalid("it is not valid YAML of that kind");
  }
  return config;
}

async function optionsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new KeelsonError(
      "KEELSON_API_UNAVAILABLE",
      `Cannot log in with the kubeconfig: ${error instanceof Error ? error.message : String(error)}`,
      { fix: "Run the kubeconfig's credential plugin by hand and mend what it reports" },
    );
  }
  return options;
}

function tlsOf({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): Access["tls"] {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(servername !== undefined && { servername }),
  };
}

function invalid(reason: string): KeelsonError {
  return new KeelsonError("KEELSON_INVALID_INPUT", `Cannot read the kubeconfig: ${reason}`);
}

function plainHeaders({ headers, auth }: RequestOptions): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value === "string") plain[name] = value;
  }
  if (typeof auth === "string") plain["Authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;
  return plain;
}
