import { X509Certificate } from "node:crypto";
import { kubeletLeaf, planeLeaves } from "../certificates/leaves.ts";
import { paths } from "../paths.ts";
import type { Sections } from "./sections.ts";

const files = planeLeaves.filter(({ kind }) => kind === "certificate").map(({ path }) => path);
const kubeconfigs = planeLeaves.filter(({ kind }) => kind === "kubeconfig").map(({ path }) => path);

const leafPaths = new Set([...planeLeaves, kubeletLeaf].map(({ path }) => path));

/** The part of the facts script that prints the host's own certificates, each after its path. Keys stay where they are. */
export const certificatesPart = `
section certificates
pem='/-BEGIN CERTIFICATE/,/-END CERTIFICATE/p'
for f in ${files.join(" ")}; do [ -f $f ] && { echo $f; sed -n "$pem" $f; }; done
for f in ${kubeconfigs.join(" ")}; do
[ -f $f ] && { echo $f; sed -n 's/^ *client-certificate-data: *//p' $f | base64 -d; echo; }; done
f=${paths.kubeletCertificate}; [ -f $f ] && { echo ${kubeletLeaf.path}; sed -n "$pem" $f; }`;

/** When each of them ends, ISO 8601, by path; empty for one that cannot be read. */
export function parseCertificates({ lines }: Sections): Record<string, string> {
  const texts = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of lines("certificates")) {
    // A line of base64 may begin with a slash, too.
    if (leafPaths.has(line)) texts.set(line, (current = []));
    else current.push(line);
  }
  return Object.fromEntries([...texts].map(([path, text]) => [path, endOf(text.join("\n"))]));
}

/** Of the first one in a chain: that is the host's own. */
function endOf(pem: string): string {
  try {
    return new X509Certificate(pem).validToDate.toISOString();
  } catch {
    return "";
  }
}
