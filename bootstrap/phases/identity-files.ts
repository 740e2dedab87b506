import { paths } from "../paths.ts";
import { writeFiles } from "../view.ts";
import type { ControlPlaneView, Phase, WantedFile } from "../view.ts";
import type { Identity } from "../../clusters/identity.ts";

/** Writes the cluster's authorities and keys to a control-plane host; nothing else ever receives them. */
export const identityFiles: Phase<ControlPlaneView> = {
  title: "identity",
  plan: ({ facts, identity }) =>
    writeFiles(facts, "write the cluster's certificate authorities and keys", wantedFiles(identity)),
};

/** Paths of the files that hold the identity. */
export const identityPaths = [
  "ca.crt",
  "ca.key",
  "front-proxy-ca.crt",
  "front-proxy-ca.key",
  "etcd/ca.crt",
  "etcd/ca.key",
  "sa.pub",
  "sa.key",
].map((name) => `${paths.pki}/${name}`);

function wantedFiles({ ca, frontProxyCa, etcdCa, serviceAccount }: Identity): readonly WantedFile[] {
  const contents = [
    ca.certificate,
    ca.privateKey,
    frontProxyCa.certificate,
    frontProxyCa.privateKey,
    etcdCa.certificate,
    etcdCa.privateKey,
    serviceAccount.publicKey,
    serviceAccount.privateKey,
  ];
  return identityPaths.map((path, index) => ({
    path,
    content: contents[index] ?? "",
    mode: path.endsWith(".key") ? 0o600 : 0o644,
  }));
}
