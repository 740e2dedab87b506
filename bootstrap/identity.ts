import { X509Certificate, createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { stringify } from "yaml";
import type { Cluster } from "../clusters/cluster.ts";
import { clientServers } from "../clusters/endpoint.ts";
import type { Identity } from "../clusters/identity.ts";
import { kubernetesYaml } from "./kubernetes-yaml.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Read when a certificate is signed, which most runs never do: its library takes as long to load as half of ours. */
const certificates = () => import("./sign-certificates.ts");

/** Makes the certificate authorities and keys of a new cluster. Authorities are valid for ten years. */
export async function createIdentity(name: string): Promise<Identity> {
  const { createAuthority } = await certificates();
  const [ca, frontProxyCa, etcdCa] = await Promise.all([
    createAuthority("kubernetes"),
    createAuthority("front-proxy-ca"),
    createAuthority("etcd-ca"),
  ]);
  const clusterId = `${name}-${randomBytes(8).toString("hex")}`;
  return { clusterId, ca, frontProxyCa, etcdCa, serviceAccount: createSigningKey() };
}

export interface KubeconfigUser {
  /** Common name of the certificate. @default "keelson-admin" */
  readonly user?: string;
  /** @default "kubeadm:cluster-admins" */
  readonly group?: string;
  /** How long the certificate is valid. @default 365 */
  readonly days?: number;
}

/**
 * Signs a client certificate and wraps it as a kubeconfig for the cluster's endpoint. Where each node is its own
 * endpoint it names the first control-plane host, and has a context `<cluster>-<host>` for each. The result is a secret.
 */
export async function mintKubeconfig(
  identity: Identity,
  cluster: Pick<Cluster, "name" | "endpoint">,
  { user = "keelson-admin", group = "kubeadm:cluster-admins", days = 365 }: KubeconfigUser = {},
): Promise<{ kubeconfig: string; expires: string }> {
  const { signClient } = await certificates();
  const client = await signClient(identity.ca, `CN=${user},O=${group}`, days);
  const servers = Object.entries(clientServers(cluster.endpoint, cluster.name));
  const authority = base64(identity.ca.certificate);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: servers.map(([name, server]) => ({
      name,
      cluster: { server, "certificate-authority-data": authority },
    })),
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": base64(client.certificate),
          "client-key-data": base64(client.privateKey),
        },
      },
    ],
    contexts: servers.map(([name]) => ({ name, context: { cluster: name, user } })),
    "current-context": cluster.name,
  };
  return { kubeconfig: stringify(config, kubernetesYaml), expires: client.expires.toISOString() };
}

/** SHA-256 of a certificate's DER form, lower-case hex: what tells one cluster's authority from another's. */
export function caHash(certificatePem: string): string {
  return createHash("sha256").update(new X509Certificate(certificatePem).raw).digest("hex");
}

/** Whether a certificate that ends at `expires` (ISO 8601) has less than `days` left. @default 90 days */
export function needsRenewal(expires: string, now: Date = new Date(), days = 90): boolean {
  return Date.parse(expires) - now.getTime() < days * DAY_MS;
}

function createSigningKey(): Identity["serviceAccount"] {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "sec1", format: "pem" },
  });
  return { publicKey, privateKey };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
