import { createHash, X509Certificate } from "node:crypto";
import { kubeletLeaf, planeLeaves } from "../certificates/leaves.ts";
import { paths } from "../paths.ts";
import type { Sections } from "./sections.ts";

/** Files with certificates alone, but for the kubelet's, which has its key, too. */
const files = [
  `${paths.pki}/ca.crt`,
  ...planeLeaves.filter(({ kind }) => kind === "certificate").map(({ path }) => path),
  paths.kubeletCertificate,
];

const kubeconfigs = [
  paths.kubeletConf,
  ...planeLeaves.filter(({ kind }) => kind === "kubeconfig").map(({ path }) => path),
];

/**
 * The part of the facts script about certificates, each after its path, and about kubeconfigs: the certificates in them, and
 * the servers that they lead to. Keys stay where they are.
 */
export const certificatesPart = `
section certificates; set --; for f in ${files.join(" ")}; do [ -f $f ] && { echo $f; set -- "$@" $f; }; done
[ $# -eq 0 ] || sed -sn '/-BEGIN CERTIFICATE/F;/-BEGIN CERTIFICATE/,/-END CERTIFICATE/p' "$@"
section kubeconfigs; set --; for f in ${kubeconfigs.join(" ")}; do [ -f $f ] && { echo $f:; set -- "$@" $f; }; done
[ $# -eq 0 ] || grep -HE '^ *(server|client-certificate-data): ' "$@"`;

/** What a host holds of certificates. */
export interface CertificateFacts {
  /** SHA-256 of the authority, as DER; undefined if the host has none. */
  readonly caSha256: string | undefined;
  /** When the host's own ones end, ISO 8601, by path; empty for one that cannot be read. */
  readonly ends: Readonly<Record<string, string>>;
  /** The names in the API server's certificate: none if it was cut off, undefined if there is none. */
  readonly apiNames: readonly string[] | undefined;
  /** The server of each kubeconfig, by path; empty for one that cannot be read. */
  readonly servers: Readonly<Record<string, string>>;
}

export function parseCertificates({ lines }: Sections): CertificateFacts {
  const texts = certificateTexts(lines("certificates"));
  const configs = readKubeconfigs(lines("kubeconfigs"));
  const authority = texts.get(`${paths.pki}/ca.crt`);
  const api = texts.get(paths.apiCertificate);
  const own = planeLeaves.flatMap(({ path }): (readonly [string, string])[] => {
    const text = texts.get(path) ?? configs.get(path)?.certificate;
    return text === undefined ? [] : [[path, text]];
  });
  const kubelet = texts.get(paths.kubeletCertificate);
  const leaves = [...own, ...(kubelet === undefined ? [] : [[kubeletLeaf.path, kubelet] as const])];
  return {
    caSha256: authority && derHash(authority),
    ends: Object.fromEntries(
      leaves.map(([path, text]) => [path, read(text)?.validToDate.toISOString() ?? ""]),
    ),
    apiNames: api === undefined ? undefined : namesIn(api),
    servers: Object.fromEntries(
      [paths.kubeletConf, paths.adminConf, paths.superAdminConf].flatMap((path) => {
        const config = configs.get(path);
        return config ? [[path, config.server]] : [];
      }),
    ),
  };
}

/** By path, which stands before each certificate of a file, and first of all if there is none in it. */
function certificateTexts(lines: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  let current = "";
  for (const line of lines) {
    // A line of base64 may begin with a slash, too.
    if (known.has(line)) texts.set((current = line), texts.get(line) ?? "");
    else texts.set(current, `${texts.get(current) ?? ""}${line}\n`);
  }
  return texts;
}

const known = new Set(files);

interface Kubeconfig {
  /** As PEM. */
  readonly certificate: string;
  readonly server: string;
}

function readKubeconfigs(lines: readonly string[]): ReadonlyMap<string, Kubeconfig> {
  const configs = new Map<string, Kubeconfig>();
  for (const line of lines) {
    const [, path = "", key, value = ""] = /^([^:]+): *(?:([a-z-]+): *(.*))?$/.exec(line) ?? [];
    const config = configs.get(path) ?? { certificate: "", server: "" };
    if (key === "server") configs.set(path, { ...config, server: config.server || value });
    else if (key === undefined) configs.set(path, config);
    else configs.set(path, { ...config, certificate: Buffer.from(value, "base64").toString() });
  }
  return configs;
}

/** Of one that was cut off, too. */
function derHash(pem: string): string {
  const base64 = pem.split("\n").filter((line) => !line.startsWith("-"));
  return createHash("sha256").update(base64.join(""), "base64").digest("hex");
}

/** The first one in a chain: that is the host's own. */
function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function namesIn(pem: string): readonly string[] {
  const names = read(pem)?.subjectAltName ?? "";
  return names === "" ? [] : names.split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
}
