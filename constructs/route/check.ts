import { checkExceptions, checkInteger, checkKeys, checkRecord, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import { checkProgram } from "../uses/check.ts";
import { listOf } from "./backends.ts";

/** Checks what all routes have. `checkRule` checks one rule but for its targets. */
export function checkRoute(
  draft: Draft,
  props: Readonly<Record<string, unknown>>,
  checkRule: (path: string, rule: Readonly<Record<string, unknown>>) => void,
): void {
  const { host, to, rules, allow } = props;
  checkKeys(draft, "", props, ["host", "to", "rules", "name", "allow", "patch"]);
  checkExceptions(draft, (allow ?? []) as []);
  checkHosts(draft, host);
  if ((to === undefined) === (rules === undefined)) {
    draft.find("invalid-value", "to", {
      message: to === undefined ? "the route leads nowhere" : "a route has either one target or rules",
      fix: "Give exactly one of to and rules",
    });
    return;
  }
  if (to !== undefined) checkTargets(draft, "to", to);
  if (rules === undefined) return;
  if (!Array.isArray(rules) || rules.length === 0) {
    draft.find("invalid-value", "rules", {
      message: "the route leads nowhere",
      fix: 'Use [{ path: "/", to: web }]',
    });
    return;
  }
  rules.forEach((rule: unknown, index) => {
    const path = `rules.${index}`;
    if (!checkRecord(draft, path, rule, '{ path: "/", to: web }')) return;
    const given = rule as Readonly<Record<string, unknown>>;
    checkRule(path, given);
    checkHeaders(draft, `${path}.headers`, given["headers"]);
    checkTargets(draft, `${path}.to`, given["to"]);
  });
}

/** Checks a rule for HTTP but for its targets. */
export function checkHttpRule(draft: Draft, at: string, rule: Readonly<Record<string, unknown>>): void {
  checkKeys(draft, at, rule, ["path", "method", "headers", "timeoutSeconds", "to"]);
  const { path, method, timeoutSeconds } = rule;
  const text = isRecord(path) ? path["exact"] : path;
  if (path !== undefined && !/^\/[^\s?#]*$/.test(String(text))) {
    draft.find("invalid-value", `${at}.path`, {
      message: `${show(path)} is not a path`,
      fix: 'Use what paths begin with, "/api", or { exact: "/health" }',
    });
  }
  if (method !== undefined && !methods.some((each) => each === method)) {
    draft.find("invalid-value", `${at}.method`, {
      message: `${show(method)} is not a method of HTTP`,
      fix: `Use one of ${methods.join(", ")}`,
    });
  }
  if (timeoutSeconds !== undefined) checkInteger(draft, `${at}.timeoutSeconds`, timeoutSeconds, [0, 86_400]);
}

/** Checks a rule for gRPC but for its targets. */
export function checkGrpcRule(draft: Draft, at: string, rule: Readonly<Record<string, unknown>>): void {
  checkKeys(draft, at, rule, ["service", "method", "headers", "to"]);
  const names = { service: /^[A-Za-z_][\w.]*$/, method: /^[A-Za-z_]\w*$/ };
  for (const [key, pattern] of Object.entries(names)) {
    const value = rule[key];
    if (value === undefined || (typeof value === "string" && pattern.test(value))) continue;
    draft.find("invalid-value", `${at}.${key}`, {
      message: `${show(value)} is not the name of a ${key} of gRPC`,
      fix:
        key === "service"
          ? 'Use its full name, "acme.shop.Cart" for example'
          : 'Use its name, "Add" for example',
    });
  }
}

/** What an Ingress cannot say. */
export function checkIngress(
  draft: Draft,
  namespace: string | undefined,
  rules: readonly (readonly [path: string, rule: Readonly<Record<string, unknown>>])[],
): void {
  const refuse = (path: string, what: string): void => {
    draft.find("route-unsupported", path, {
      message: `an Ingress knows no ${what}, and the cluster has no gateway`,
      fix: "Leave it out, or use a cluster whose profile has a gateway",
    });
  };
  for (const [path, rule] of rules) {
    const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
    for (const [key, what] of Object.entries({
      method: "methods",
      headers: "headers",
      timeoutSeconds: "timeouts",
    })) {
      if (rule[key] !== undefined) refuse(at(key), what);
    }
    const targets = listOf(rule["to"] as object | readonly object[]);
    if (targets.length > 1) refuse(at("to"), "shares of requests");
    for (const target of targets) {
      const service = ("service" in target ? target.service : target) as { readonly namespace?: string };
      if (service.namespace !== namespace) refuse(at("to"), "program of another namespace");
    }
  }
}

const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

function checkHosts(draft: Draft, host: unknown): void {
  const hosts: readonly unknown[] = Array.isArray(host) ? host : [host];
  if (hosts.length === 0) {
    draft.find("invalid-value", "host", {
      message: "there is no host name",
      fix: 'Use "shop.example.com" for example',
    });
  }
  hosts.forEach((each, index) => {
    const path = Array.isArray(host) ? `host.${index}` : "host";
    const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    const isName = typeof each === "string" && new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`).test(each);
    if (isName && !/^[\d.]+$/.test(each) && hosts.indexOf(each) === index) return;
    draft.find("invalid-value", path, {
      message: `${show(each)} is not a host name, or there twice`,
      fix: 'Use "shop.example.com" or "*.example.com" for example, each once',
    });
  });
}

function checkHeaders(draft: Draft, path: string, headers: unknown): void {
  if (headers === undefined || !checkRecord(draft, path, headers, '{ "x-canary": "1" }')) return;
  for (const [name, value] of Object.entries(headers as Readonly<Record<string, unknown>>)) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value === "string" && value !== "") continue;
    draft.find("invalid-value", `${path}.${name}`, {
      message: `${show(name)}: ${show(value)} is not a header`,
      fix: 'Use {"x-canary": "1"} for example',
    });
  }
}

function checkTargets(draft: Draft, path: string, to: unknown): void {
  const targets: readonly unknown[] = Array.isArray(to) ? to : [to];
  if (targets.length === 0) {
    draft.find("invalid-value", path, { message: "the rule leads nowhere", fix: "Name a program" });
  }
  targets.forEach((target, index) => {
    const at = Array.isArray(to) ? `${path}.${index}` : path;
    checkProgram(draft, at, target, ["weight"]);
    const weight = isRecord(target) ? target["weight"] : undefined;
    if (weight !== undefined) checkInteger(draft, `${at}.weight`, weight, [0, 1_000_000]);
  });
}
