import { X509Certificate } from "node:crypto";
import type { Identity } from "../../../clusters/identity.ts";
import { label } from "../checker.ts";
import type { Resource } from "../resource.ts";

export interface ClusterIdentityInputs {
  readonly name: string;
}

export interface ClusterIdentityOutputs {
  readonly clusterId: string;
  readonly caCertificate: string;
  readonly identity: Identity;
  /** When the cluster's authority ends, ISO 8601. */
  readonly expires: string;
  readonly needsRenewal: boolean;
}

const renewBeforeMs = 180 * 24 * 60 * 60 * 1000;

/** A cluster's certificate authorities and keys. Made once: no change of the program makes them anew. */
export const clusterIdentity: Resource<ClusterIdentityInputs, ClusterIdentityOutputs> = {
  type: "keelson:index:ClusterIdentity",
  outputs: ["clusterId", "caCertificate", "identity", "expires", "needsRenewal"],
  secretOutputs: ["identity"],
  refreshBeforeUpdate: true,
  diff: { ignores: () => true },
  check(inputs) {
    inputs.text("name", { matches: label });
  },
  id: ({ name }) => name,
  async create({ operation, world }, { name }) {
    if (operation.preview) return { outputs: {} };
    const identity = await world.createIdentity(name);
    const caCertificate = identity.ca.certificate;
    const outputs = { clusterId: identity.clusterId, caCertificate, identity, ...lifeOf(caCertificate) };
    return { id: identity.clusterId, outputs };
  },
  update: () => Promise.resolve({}),
  read(call, { outputs }) {
    if (outputs.caCertificate === undefined) return Promise.resolve("silent");
    const life = lifeOf(outputs.caCertificate);
    if (life.needsRenewal) call.warn(`The cluster's certificate authority ends ${life.expires}`);
    return Promise.resolve(life);
  },
  delete: () => Promise.resolve(),
};

function lifeOf(certificate: string): { expires: string; needsRenewal: boolean } {
  const ends = new X509Certificate(certificate).validToDate;
  return { expires: ends.toISOString(), needsRenewal: ends.getTime() - Date.now() < renewBeforeMs };
}
