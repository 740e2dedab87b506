import type { ConfigValue } from "../config/source.ts";
import { isLate, type Late } from "../late.ts";
import type { Dependency, Uses } from "./props.ts";
import { isImported, readable, resolve } from "./resolve.ts";

/** A variable that a dependency gives to a container. */
export interface UsedVariable {
  /** The property that it comes from, below that of the container. */
  readonly fieldPath: string;
  readonly name: string;
  readonly value: string | Late<string> | ConfigValue;
}

/** The variables of everything that a container uses: `<NAME>_HOST`, `<NAME>_PORT`, `<NAME>_URL` and its values. */
export function usedVariables(uses: Uses = {}): readonly UsedVariable[] {
  return readable(uses).flatMap(([name, dependency]) => variablesOf(name, dependency));
}

/** `orderDb` and `order-db` as variables have it, `ORDER_DB`. */
export function variableName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[-.]/g, "_")
    .toUpperCase();
}

function variablesOf(name: string, dependency: Dependency): readonly UsedVariable[] {
  const fieldPath = `uses.${name}`;
  const prefix = variableName(name);
  const { host, port, scheme } = resolve(dependency);
  const { path = "", values = {} } =
    "service" in dependency || "host" in dependency || isImported(dependency) ? dependency : {};
  const url =
    scheme === undefined ? undefined : urlOf(scheme, isLate(host) ? `$(${prefix}_HOST)` : host, port);
  return [
    { fieldPath, name: `${prefix}_HOST`, value: host },
    { fieldPath, name: `${prefix}_PORT`, value: String(port) },
    ...(url === undefined ? [] : [{ fieldPath, name: `${prefix}_URL`, value: `${url}${path}` }]),
    ...Object.entries(values).map(([key, value]) => ({
      fieldPath: `${fieldPath}.values.${key}`,
      name: `${prefix}_${variableName(key)}`,
      value,
    })),
  ];
}

function urlOf(scheme: string, host: string, port: number): string {
  const authority = host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${authority}${standardPorts[scheme] === port ? "" : `:${port}`}`;
}

const standardPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };
