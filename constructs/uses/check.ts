import { isConfigValue } from "../config/source.ts";
import { checkLiteralSecret } from "../config/literal-secret.ts";
import { checkCidr } from "../core/access.ts";
import {
  checkEnv,
  checkHostName,
  checkInteger,
  checkKeys,
  checkLabelName,
  checkRecord,
  show,
} from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import { isLate } from "../late.ts";
import { usedVariables, variableName } from "./variables.ts";
import type { Uses } from "./props.ts";

/** Checks what a container uses, which may come from JavaScript or a cast. */
export function checkUses(draft: Draft, property: string, uses: unknown): void {
  if (!checkRecord(draft, property, uses, "{ db }")) return;
  const before = draft.findings.length;
  for (const [name, dependency] of Object.entries(uses as Readonly<Record<string, unknown>>)) {
    const path = `${property}.${name}`;
    if (!/^[a-z][a-z0-9-]*$/i.test(name)) {
      draft.find("invalid-name", path, {
        message: `"${name}" cannot begin the name of a variable`,
        fix: "Use letters and digits, a letter first",
      });
    }
    checkDependency(draft, path, dependency);
  }
  if (draft.findings.length === before) checkVariables(draft, property, uses as Uses);
}

const details = ["scheme", "path", "values"];

function checkDependency(draft: Draft, path: string, dependency: unknown): void {
  if (isRecord(dependency) && "imported" in dependency) checkImported(draft, path, dependency);
  else if (isRecord(dependency) && "host" in dependency) checkExternal(draft, path, dependency);
  else checkProgram(draft, path, dependency, details);
  if (isRecord(dependency)) checkDetails(draft, path, dependency);
}

/** Checks a program that something leads to, alone or as `{service, port}` with more properties. */
export function checkProgram(draft: Draft, path: string, target: unknown, more: readonly string[]): void {
  if (isProgram(target)) return;
  const isLong = isRecord(target) && "service" in target;
  const service: unknown = isLong ? target["service"] : target;
  if (!isProgram(service)) {
    draft.find("port-missing", isLong ? `${path}.service` : path, {
      message: isCaller(service)
        ? `"${service.name}" has no port, so nobody can call it`
        : "this is no program with a port",
      fix: "Use a WebService, a StatefulService, or {service, port}",
    });
    return;
  }
  if (isLong) checkPort(draft, path, target, more);
}

function checkPort(
  draft: Draft,
  path: string,
  target: Readonly<Record<string, unknown>>,
  more: readonly string[],
): void {
  const { service, port, ...rest } = target;
  checkKeys(draft, path, rest, more);
  if (!isProgram(service)) return;
  const names = Object.keys(service.ports ?? {});
  if (port === undefined || names.includes(port as string)) return;
  draft.find("port-missing", `${path}.port`, {
    message: `"${service.name}" has no port ${show(port)}`,
    fix: names.length === 0 ? "Leave port out" : `Use one of ${names.join(", ")}`,
  });
}

function checkExternal(draft: Draft, path: string, external: Readonly<Record<string, unknown>>): void {
  const { host, port, cidrs } = external;
  checkKeys(draft, path, external, ["host", "port", "cidrs", ...details]);
  if (!isLate(host) && !isAddress(host)) checkHostName(draft, `${path}.host`, host);
  checkInteger(draft, `${path}.port`, port, [1, 65_535]);
  checkCidrs(draft, path, cidrs);
}

function checkImported(draft: Draft, path: string, dependency: Readonly<Record<string, unknown>>): void {
  const { imported, namespace, port, cidrs } = dependency;
  checkKeys(draft, path, dependency, ["imported", "namespace", "port", "cidrs", ...details]);
  checkLabelName(draft, `${path}.imported`, imported);
  checkLabelName(draft, `${path}.namespace`, namespace);
  if (port !== undefined) checkInteger(draft, `${path}.port`, port, [1, 65_535]);
  checkCidrs(draft, path, cidrs);
}

function checkCidrs(draft: Draft, path: string, cidrs: unknown): void {
  if (cidrs === undefined) return;
  if (!Array.isArray(cidrs) || cidrs.length === 0) {
    draft.find("invalid-value", `${path}.cidrs`, {
      message: `${show(cidrs)} is not a list of addresses`,
      fix: 'Use ["203.0.113.0/24"] for example',
    });
    return;
  }
  cidrs.forEach((cidr: unknown, index) => {
    checkCidr(draft, `${path}.cidrs.${index}`, cidr);
  });
}

function checkDetails(draft: Draft, path: string, dependency: Readonly<Record<string, unknown>>): void {
  const { scheme, path: rest, values } = dependency;
  if (scheme !== undefined && !isText(scheme, /^[a-z][a-z0-9+.-]*$/)) {
    draft.find("invalid-value", `${path}.scheme`, {
      message: `${show(scheme)} cannot begin a URL`,
      fix: 'Use a word, "postgres" for example',
    });
  }
  if (rest !== undefined && !isText(rest, /^\/\S*$/)) {
    draft.find("invalid-value", `${path}.path`, {
      message: `${show(rest)} is not the path of a URL`,
      fix: 'Begin it with "/"',
    });
  }
  if (values === undefined) return;
  checkEnv(draft, `${path}.values`, values, isUsedValue);
  for (const [key, value] of Object.entries(isRecord(values) ? values : {})) {
    checkLiteralSecret(draft, `${path}.values.${key}`, variableName(key), value);
  }
}

/** Two dependencies must not give one variable: one of the two would be lost. */
function checkVariables(draft: Draft, property: string, uses: Uses): void {
  const owners = new Map<string, string>();
  const named = new Set<string>();
  for (const { name, fieldPath } of usedVariables(uses)) {
    const owner = owners.get(name);
    if (owner !== undefined && !named.has(fieldPath)) {
      named.add(fieldPath);
      draft.find("invalid-name", fieldPath.replace("uses", property), {
        message: `the variable ${name} also comes from ${owner}`,
        fix: "Use another name for one of the two",
      });
    }
    owners.set(name, fieldPath);
  }
}

function isAddress(host: unknown): boolean {
  return typeof host === "string" && /^[\da-f]*:[\da-f:.]+$/i.test(host);
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

interface Named {
  readonly name: string;
}

function isCaller(value: unknown): value is Named {
  return typeof value === "object" && value !== null && "name" in value;
}

function isProgram(
  value: unknown,
): value is Named & { readonly port: number; readonly ports?: Readonly<Record<string, number>> } {
  return isCaller(value) && "port" in value && typeof value.port === "number";
}

function isUsedValue(value: unknown): boolean {
  return typeof value === "string" || isLate(value) || isConfigValue(value);
}
