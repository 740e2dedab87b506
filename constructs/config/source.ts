import type { Late } from "../late.ts";

/** What pods can take files and variables from, and how they follow its changes. */
export interface ConfigSource {
  /** A ConfigMap, a Secret, or a SecretProviderClass of the CSI driver, which gives files alone. */
  readonly kind: "configMap" | "secret" | "csi";
  /** Names the object; pods see those of their own namespace only. */
  readonly objectName: string;
  /** Undefined for the namespace that the manifests are applied to, or if it is not known. */
  readonly namespace: string | undefined;
  /** The keys that it has; undefined if they are not known here. */
  readonly keys: readonly string[] | undefined;
  /** Changes with the content, if the name does not; the pods are replaced then. */
  readonly revision: string | Late<string> | undefined;
}

/** One key of a source, as the value of an environment variable. */
export interface ConfigValue {
  readonly source: ConfigSource;
  readonly key: string;
}

/** True for a key of a source, whatever a program written in JavaScript made of it. */
export function isConfigValue(value: unknown): value is ConfigValue {
  return typeof value === "object" && value !== null && "source" in value && isConfigSource(value.source);
}

/** True for a source of files and variables. */
export function isConfigSource(value: unknown): value is ConfigSource {
  return typeof value === "object" && value !== null && "objectName" in value && "revision" in value;
}
