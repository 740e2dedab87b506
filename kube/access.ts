import { KubeConfig } from "@kubernetes/client-node";
import type { RequestOptions } from "node:https";
import { KeelsonError } from "../errors.ts";

/** Where an API server is and how to prove who asks. Holds secrets. */
export interface Access {
  readonly host: string;
  readonly port: number;
  /** Path below which the API lives; empty, or without a slash at its end. */
  readonly basePath: string;
  readonly tls: Pick<RequestOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads the current context of a kubeconfig.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if it is not a kubeconfig or names no server
 */
export async function readAccess(kubeconfig: string): Promise<Access> {
  const config = load(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      "Cannot read the kubeconfig: its current context names no cluster",
    );
  }
  const url = new URL(server);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  return {
    host: url.hostname.replace(/^\[|\]$/gu, ""),
    port: url.port === "" ? 443 : Number(url.port),
    basePath: url.pathname.replace(/\/$/u, ""),
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      ...(servername !== undefined && { servername }),
    },
    headers: plainHeaders(options),
  };
}

function load(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(kubeconfig);
  } catch {
    // The parser's message may quote the text, which is a secret.
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      "Cannot read the kubeconfig: it is not valid YAML of that kind",
    );
  }
  return config;
}

function plainHeaders({ headers, auth }: RequestOptions): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value === "string") plain[name] = value;
  }
  if (typeof auth === "string") plain["Authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;
  return plain;
}
