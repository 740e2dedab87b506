import { asString, isLate, type Late, lateDigest } from "../late.ts";
import type { EnvVar, Secret } from "../kubernetes/types.ts";
import type { Identity } from "../core/identity.ts";
import type { Env } from "./props.ts";

/** The annotation that makes the pods follow a change of their secrets. */
const digestAnnotation = "keelson.dev/secret-digest";

/** The variables of a container; secret ones refer to the Secret of `envSecret`. */
export function envOf(env: Env, { name }: Identity): readonly EnvVar[] {
  const secrets = secretsOf(env);
  return Object.entries(env).map(([key, value]): EnvVar => {
    if (Object.hasOwn(secrets, key)) {
      return { name: key, valueFrom: { secretKeyRef: { name: secretName(name), key } } };
    }
    if (typeof value === "object" && "field" in value) {
      return { name: key, valueFrom: { fieldRef: { fieldPath: value.field } } };
    }
    return { name: key, value: asString(value) };
  });
}

/** The Secret with the late secrets of an environment; undefined if there are none. Its name never changes. */
export function envSecret(env: Env, { name, labels }: Identity): Secret | undefined {
  const secrets = secretsOf(env);
  if (Object.keys(secrets).length === 0) return undefined;
  const stringData = Object.fromEntries(
    Object.entries(secrets).map(([key, value]) => [key, asString(value)]),
  );
  return { apiVersion: "v1", kind: "Secret", metadata: { name: secretName(name), labels }, stringData };
}

/** Annotations of the pods: a digest of the secrets, so that the pods are replaced when one changes. */
export function digestOf(env: Env): Readonly<Record<string, string>> | undefined {
  const secrets = secretsOf(env);
  return Object.keys(secrets).length === 0
    ? undefined
    : { [digestAnnotation]: asString(lateDigest(secrets)) };
}

function secretsOf(env: Env): Readonly<Record<string, Late<string>>> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, Late<string>] => isLate(entry[1]) && entry[1].secret,
  );
  return Object.fromEntries(entries);
}

function secretName(name: string): string {
  return `${name}-env`;
}
