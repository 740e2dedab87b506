import {
  checkExceptions,
  checkInteger,
  checkKeys,
  checkLabelName,
  checkRecord,
  show,
} from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import { thousandths } from "../core/quantity.ts";
import { checkDevices } from "../core/size.ts";
import { checkWord } from "../volume/check.ts";
import type { TenantProps } from "./props.ts";

const rules = ["quota", "limits", "podSecurity", "labels"];
const levels = ["restricted", "baseline", "privileged"];
const roles = ["view", "edit", "admin"];

/** Finds what is wrong with the properties of a tenant. */
export function checkTenant(draft: Draft, props: TenantProps): void {
  checkKeys(draft, "", props, [...rules, "namespaces", "groups", "name", "allow", "patch"]);
  checkExceptions(draft, props.allow ?? []);
  checkRules(draft, "", props);
  const { namespaces, groups } = props as Loose;
  if (namespaces !== undefined && checkRecord(draft, "namespaces", namespaces, "{ shop: {} }")) {
    for (const [name, own] of Object.entries(namespaces as Loose)) checkNamespace(draft, name, own);
    if (Object.keys(namespaces as Loose).length === 0) {
      draft.find("invalid-value", "namespaces", {
        message: "the tenant has no namespace",
        fix: "Name one, or leave namespaces out for one with the tenant's name",
      });
    }
  }
  if (groups !== undefined) checkGroups(draft, groups);
}

function checkNamespace(draft: Draft, name: string, own: unknown): void {
  const property = `namespaces.${name}`;
  checkLabelName(draft, property, name);
  if (/^(kube-.*|default)$/.test(name)) {
    draft.find("invalid-name", property, {
      message: `the namespace "${name}" is the cluster's own`,
      fix: "Use another name",
    });
  }
  if (!checkRecord(draft, property, own, "{}, or the rules in which it differs")) return;
  checkKeys(draft, property, own, rules);
  checkRules(draft, `${property}.`, own as Loose);
}

function checkRules(draft: Draft, prefix: string, own: object): void {
  const { quota, limits, podSecurity } = own as Loose;
  checkWord(draft, `${prefix}podSecurity`, podSecurity, levels);
  if (quota !== undefined && checkRecord(draft, `${prefix}quota`, quota, '{ cpu: 8, memory: "16Gi" }')) {
    checkQuota(draft, `${prefix}quota`, quota as Loose);
  }
  if (limits !== undefined && checkRecord(draft, `${prefix}limits`, limits, '{ max: { memory: "4Gi" } }')) {
    checkLimits(draft, `${prefix}limits`, limits as Loose);
  }
}

function checkQuota(draft: Draft, property: string, quota: Loose): void {
  const counts = ["pods", "volumes"];
  const sizes = ["memory", "ephemeralStorage", "storage"];
  checkKeys(draft, property, quota, ["cpu", ...sizes, ...counts, "devices"]);
  checkAmounts(draft, property, quota, sizes);
  for (const key of counts) {
    if (quota[key] !== undefined) checkInteger(draft, `${property}.${key}`, quota[key], [0, 1_000_000]);
  }
  if (quota["devices"] !== undefined) checkDevices(draft, `${property}.devices`, quota["devices"], 0);
}

const sizes = ["memory", "ephemeralStorage"];

function checkLimits(draft: Draft, property: string, limits: Loose): void {
  checkKeys(draft, property, limits, ["min", "max", "standard", "volume"]);
  for (const key of ["min", "max", "standard"]) {
    const amounts = limits[key];
    if (amounts === undefined || !checkRecord(draft, `${property}.${key}`, amounts, '{ memory: "1Gi" }'))
      continue;
    checkKeys(draft, `${property}.${key}`, amounts, ["cpu", ...sizes]);
    checkAmounts(draft, `${property}.${key}`, amounts as Loose, sizes);
  }
  const { min, max, standard, volume } = limits;
  checkOrder(draft, property, { min, max });
  checkOrder(draft, property, { min, standard });
  checkOrder(draft, property, { standard, max });
  if (volume === undefined || !checkRecord(draft, `${property}.volume`, volume, '{ max: "100Gi" }')) return;
  checkKeys(draft, `${property}.volume`, volume, ["min", "max"]);
  checkAmounts(draft, `${property}.volume`, volume as Loose, ["min", "max"]);
  const { min: least, max: most } = volume as Loose;
  checkOrder(draft, `${property}.volume`, { min: { size: least }, max: { size: most } });
}

/** Of two bounds the first one must not be the larger. */
function checkOrder(draft: Draft, property: string, bounds: Loose): void {
  const [[low, least], [high, most]] = Object.entries(bounds) as [[string, unknown], [string, unknown]];
  if (!isRecord(least) || !isRecord(most)) return;
  for (const [resource, amount] of Object.entries(least)) {
    const [lower, upper] = [thousandths(amount), thousandths(most[resource])];
    if (lower === undefined || upper === undefined || lower <= upper) continue;
    draft.find("invalid-value", `${property}.${high}${resource === "size" ? "" : `.${resource}`}`, {
      message: `${show(most[resource])} is less than ${low}, ${show(amount)}`,
      fix: `Raise ${high}, or lower ${low}`,
    });
  }
}

function checkAmounts(draft: Draft, property: string, amounts: Loose, bytes: readonly string[]): void {
  const { cpu } = amounts;
  if (cpu !== undefined && (!/^"?\d+(\.\d+)?m?"?$/.test(show(cpu)) || cpu === 0)) {
    draft.find("invalid-value", `${property}.cpu`, {
      message: `${show(cpu)} is not an amount of processors`,
      fix: 'Use a number of processors, or thousandths as in "250m"',
    });
  }
  for (const key of bytes) {
    if (amounts[key] === undefined || /^"[1-9]\d*(Mi|Gi|Ti)"$/.test(show(amounts[key]))) continue;
    draft.find("invalid-value", `${property}.${key}`, {
      message: `${show(amounts[key])} is not an amount of bytes`,
      fix: 'Use a whole number of Mi, Gi or Ti, "16Gi" for example',
    });
  }
}

// Of these everyone is a member, with a password or without.
const everyone = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];

function checkGroups(draft: Draft, groups: unknown): void {
  if (!checkRecord(draft, "groups", groups, '{ edit: ["shop-developers"] }')) return;
  checkKeys(draft, "groups", groups, roles);
  for (const [role, names] of Object.entries(groups as Loose)) {
    const list = Array.isArray(names) ? (names as readonly unknown[]) : [];
    const isList =
      Array.isArray(names) && list.length > 0 && list.every((name) => typeof name === "string" && name);
    if (!isList) {
      draft.find("invalid-value", `groups.${role}`, {
        message: `${show(names)} is not a list of groups`,
        fix: 'Use names, ["shop-developers"] for example, or leave it out',
      });
    }
    list.forEach((name, index) => {
      if (!everyone.includes(String(name))) return;
      draft.find("invalid-value", `groups.${role}.${index}`, {
        message: `everyone is a member of ${show(name)}`,
        fix: "Name the group of the people who work on it",
      });
    });
  }
}

type Loose = Readonly<Record<string, unknown>>;
