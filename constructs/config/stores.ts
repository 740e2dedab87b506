import type { CsiSecrets, ExternalSecrets } from "../../clusters/profile.ts";
import type { ExternalSecret, SecretProviderClass } from "../kubernetes/types-custom.ts";
import type { StoredKey } from "./stored-secret.ts";

/** What the object of a stored secret is made from. */
export interface StoredPlan {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<string, StoredKey>>;
  readonly refreshSeconds: number;
}

/** What makes External Secrets keep a Secret of the same name. */
export function externalSecretOf(
  { name, labels, keys, refreshSeconds }: StoredPlan,
  { store, kind = "ClusterSecretStore" }: ExternalSecrets,
): ExternalSecret {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name, labels },
    spec: {
      refreshInterval: `${refreshSeconds}s`,
      secretStoreRef: { name: store, kind },
      target: { name, creationPolicy: "Owner" },
      data: Object.entries(keys).map(([secretKey, from]) => {
        const { path, property, version } = fromOf(from);
        const part = {
          ...(property !== undefined && { property }),
          ...(version !== undefined && { version }),
        };
        return { secretKey, remoteRef: { key: path, ...part } };
      }),
    },
  };
}

/** What tells the CSI driver of the files that a pod mounts. Each provider writes its list in its own words; JSON is YAML. */
export function providerClassOf(
  { name, labels, keys }: StoredPlan,
  { provider, parameters = {} }: CsiSecrets,
): SecretProviderClass {
  const places = Object.entries(keys).map(([file, from]) => ({ file, ...fromOf(from) }));
  return {
    apiVersion: "secrets-store.csi.x-k8s.io/v1",
    kind: "SecretProviderClass",
    metadata: { name, labels },
    spec: { provider, parameters: { ...parameters, ...objectsOf[provider](places) } },
  };
}

interface Place {
  readonly file: string;
  readonly path: string;
  readonly property?: string;
  readonly version?: string;
}

const objectsOf: Readonly<
  Record<CsiSecrets["provider"], (places: readonly Place[]) => Readonly<Record<string, string>>>
> = {
  vault: (places) => ({
    objects: JSON.stringify(
      places.map(({ file, path, property }) => ({
        objectName: file,
        secretPath: path,
        ...(property !== undefined && { secretKey: property }),
      })),
    ),
  }),
  aws: (places) => ({
    objects: JSON.stringify(
      places.map(({ file, path, property, version }) => ({
        objectName: path,
        objectType: "secretsmanager",
        ...(version !== undefined && { objectVersion: version }),
        ...(property === undefined
          ? { objectAlias: file }
          : { jmesPath: [{ path: property, objectAlias: file }] }),
      })),
    ),
  }),
  gcp: (places) => ({
    secrets: JSON.stringify(
      places.map(({ file, path, version = "latest" }) => ({
        resourceName: `${path}/versions/${version}`,
        path: file,
      })),
    ),
  }),
};

function fromOf(from: StoredKey): Omit<Place, "file"> {
  return typeof from === "string" ? { path: from } : from;
}
