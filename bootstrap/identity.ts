import "reflect-metadata";
import { createHash, generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { stringify } from "yaml";
import type { Cluster } from "../clusters/cluster.ts";
import { clientServers } from "../clusters/endpoint.ts";
import type { Identity, KeyPair } from "../clusters/identity.ts";
import { kubernetesYaml } from "./kubernetes-yaml.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

x509.cryptoProvider.set(webcrypto);

/** Makes the certificate authorities and keys of a new cluster. Authorities are valid for ten years. */
export async function createIdentity(name: string): Promise<Identity> {
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
  return createHash("sha256")
    .update(new Uint8Array(new x509.X509Certificate(certificatePem).rawData))
    .digest("hex");
}

/** Whether a certificate that ends at `expires` (ISO 8601) has less than `days` left. @default 90 days */
export function needsRenewal(expires: string, now: Date = new Date(), days = 90): boolean {
  return Date.parse(expires) - now.getTime() < days * DAY_MS;
}

async function createAuthority(commonName: string): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName}`,
    ...validity(3650),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature |
          x509.KeyUsageFlags.keyEncipherment |
          x509.KeyUsageFlags.keyCertSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: commonName }]),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, privateKey: await exportKey(keys.privateKey) };
}

async function signClient(ca: KeyPair, subject: string, days: number): Promise<KeyPair & { expires: Date }> {
  const issuer = new x509.X509Certificate(ca.certificate);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const times = validity(days);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer.subject,
    ...times,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importKey(ca.privateKey),
    extensions: [
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return {
    certificate: `${certificate.toString("pem")}\n`,
    privateKey: await exportKey(keys.privateKey),
    expires: times.notAfter,
  };
}

function createSigningKey(): Identity["serviceAccount"] {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "sec1", format: "pem" },
  });
  return { publicKey, privateKey };
}

/** Starts a little in the past, so that a host whose clock is late accepts the certificate. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const seconds = Math.floor(Date.now() / 1000) * 1000;
  return { notBefore: new Date(seconds - 5 * 60 * 1000), notAfter: new Date(seconds + days * DAY_MS) };
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [der] = x509.PemConverter.decode(pem);
  return webcrypto.subtle.importKey("pkcs8", der ?? new ArrayBuffer(0), ALGORITHM, false, ["sign"]);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
