import type { EnvVar, Secret } from "../kubernetes/types.ts";
import type { Identity } from "../core/identity.ts";
import { asString, isLate, type Late, lateDigest } from "../late.ts";
import type { Env, PodProps } from "./props.ts";

/** The annotation that makes the pods follow a change of their secrets. */
const digestAnnotation = "keelson.dev/secret-digest";

/** The variables of a container; secret ones refer to the Secret of `envSecret`. `owner` is its name beside the program. */
export function envOf(env: Env, { name }: Identity, owner?: string): readonly EnvVar[] {
  return Object.entries(env).map(([key, value]): EnvVar => {
    if (isLate(value) && value.secret) {
      return {
        name: key,
        valueFrom: { secretKeyRef: { name: secretName(name), key: secretKey(key, owner) } },
      };
    }
    if (typeof value === "object" && "field" in value) {
      return { name: key, valueFrom: { fieldRef: { fieldPath: value.field } } };
    }
    return { name: key, value: asString(value) };
  });
}

/** The Secret with the late secrets of a pod; undefined if there are none. Its name never changes. */
export function envSecret(pod: PodProps, { name, labels }: Identity): Secret | undefined {
  const secrets = secretsOf(pod);
  if (Object.keys(secrets).length === 0) return undefined;
  const stringData = Object.fromEntries(
    Object.entries(secrets).map(([key, value]) => [key, asString(value)]),
  );
  return { apiVersion: "v1", kind: "Secret", metadata: { name: secretName(name), labels }, stringData };
}

/** Annotations of the pods: a digest of the secrets, so that the pods are replaced when one changes. */
export function digestOf(pod: PodProps): Readonly<Record<string, string>> | undefined {
  const secrets = secretsOf(pod);
  return Object.keys(secrets).length === 0
    ? undefined
    : { [digestAnnotation]: asString(lateDigest(secrets)) };
}

/** All variables of a pod, each with its property. */
export function variablesOf(pod: PodProps): readonly (readonly [string, Env[string]])[] {
  return environments(pod).flatMap(([path, env]) =>
    Object.entries(env).map(([key, value]) => [`${path}.${key}`, value] as const),
  );
}

function secretsOf(pod: PodProps): Readonly<Record<string, Late<string>>> {
  const found = environments(pod).flatMap(([, env, owner]) =>
    Object.entries(env)
      .filter((entry): entry is [string, Late<string>] => isLate(entry[1]) && entry[1].secret)
      .map(([key, value]) => [secretKey(key, owner), value] as const),
  );
  return Object.fromEntries(found);
}

function environments(pod: PodProps): readonly (readonly [path: string, env: Env, owner?: string])[] {
  const others = (["init", "sidecars", "containers"] as const).flatMap((group) =>
    Object.entries(pod[group] ?? {}).map(
      ([name, { env }]) => [`${group}.${name}.env`, env ?? {}, name] as const,
    ),
  );
  return [["env", pod.env ?? {}], ...others];
}

function secretKey(key: string, owner: string | undefined): string {
  return owner === undefined ? key : `${owner}.${key}`;
}

function secretName(name: string): string {
  return `${name}-env`;
}
