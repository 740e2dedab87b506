import { type ConfigSource, type ConfigValue, isConfigValue } from "../config/source.ts";
import type { EnvVar, Secret } from "../kubernetes/types.ts";
import type { Identity } from "../core/identity.ts";
import { asString, isLate, type Late, lateDigest } from "../late.ts";
import type { Dependency } from "../uses/props.ts";
import { readable } from "../uses/resolve.ts";
import { usedVariables } from "../uses/variables.ts";
import type { ContainerProps, Env, PodProps } from "./props.ts";

/** The annotation that makes the pods follow a change of their secrets. */
const digestAnnotation = "keelson.dev/secret-digest";

/** The variables of a container; secret ones refer to the Secret of `envSecret`. `owner` is its name beside the program. */
export function envOf(container: ContainerProps, { name }: Identity, owner?: string): readonly EnvVar[] {
  return variablesIn(container).map(({ name: key, value }): EnvVar => {
    if (isLate(value) && value.secret) {
      return {
        name: key,
        valueFrom: { secretKeyRef: { name: secretName(name), key: secretKey(key, owner) } },
      };
    }
    if (isConfigValue(value)) return { name: key, valueFrom: keyOf(value) };
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

/** Annotations of the pods: a digest of the secrets and revisions of what they read, so that they are replaced when one changes. */
export function digestOf(pod: PodProps): Readonly<Record<string, string>> | undefined {
  const secrets = secretsOf(pod);
  const revisions = sourcesOf(pod).flatMap(([, { objectName, revision }]) =>
    revision === undefined ? [] : [[`config.keelson.dev/${objectName}`, asString(revision)] as const],
  );
  const isLateSecret = Object.keys(secrets).length > 0;
  if (!isLateSecret && revisions.length === 0) return undefined;
  return {
    ...(isLateSecret && { [digestAnnotation]: asString(lateDigest(secrets)) }),
    ...Object.fromEntries(revisions),
  };
}

/** Everything that a pod takes files and variables from, each with its property. */
export function sourcesOf(
  pod: PodProps,
): readonly (readonly [fieldPath: string, ConfigSource, key?: string])[] {
  const files = Object.entries(pod.files ?? {}).map(([path, source]) => [`files.${path}`, source] as const);
  const values = variablesOf(pod).flatMap(([path, value]) =>
    isConfigValue(value) ? [[path, value.source, value.key] as const] : [],
  );
  return [...files, ...values];
}

/** All variables of a pod, each with its property. */
export function variablesOf(pod: PodProps): readonly (readonly [string, Env[string]])[] {
  return containersOf(pod).flatMap(([property, container]) =>
    variablesIn(container).map(({ fieldPath, value }) => [`${property}${fieldPath}`, value] as const),
  );
}

/** Everything that the containers of a pod use, each with its property. */
export function usesOf(pod: PodProps): readonly (readonly [fieldPath: string, Dependency])[] {
  return containersOf(pod).flatMap(([property, { uses }]) =>
    readable(uses).map(([name, used]) => [`${property}uses.${name}`, used] as const),
  );
}

function secretsOf(pod: PodProps): Readonly<Record<string, Late<string>>> {
  const found = containersOf(pod).flatMap(([, container, owner]) =>
    variablesIn(container).flatMap(({ name, value }) =>
      isLate(value) && value.secret ? [[secretKey(name, owner), value] as const] : [],
    ),
  );
  return Object.fromEntries(found);
}

interface Variable {
  readonly fieldPath: string;
  readonly name: string;
  readonly value: Env[string];
}

/** What a container uses comes first, so that later variables can refer to it; what `env` says itself holds. */
function variablesIn({ uses, env = {} }: ContainerProps): readonly Variable[] {
  const used = usedVariables(uses).filter(({ name }) => !Object.hasOwn(env, name));
  const own = Object.entries(env).map(([name, value]) => ({ fieldPath: `env.${name}`, name, value }));
  return [...used, ...own];
}

/** The program and the containers beside it, each with the beginning of its properties and its name beside the program. */
function containersOf(
  pod: PodProps,
): readonly (readonly [property: string, container: ContainerProps, owner?: string])[] {
  const others = (["init", "sidecars", "containers"] as const).flatMap((group) =>
    Object.entries(pod[group] ?? {}).map(([name, side]) => [`${group}.${name}.`, side, name] as const),
  );
  return [["", pod], ...others];
}

function keyOf({ source, key }: ConfigValue): NonNullable<EnvVar["valueFrom"]> {
  const name = source.objectName;
  return source.kind === "secret" ? { secretKeyRef: { name, key } } : { configMapKeyRef: { name, key } };
}

function secretKey(key: string, owner: string | undefined): string {
  return owner === undefined ? key : `${owner}.${key}`;
}

function secretName(name: string): string {
  return `${name}-env`;
}
