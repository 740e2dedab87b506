import { checkInteger, checkKeys, checkRecord, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import type { Ports } from "./probes.ts";

/** Checks how a container's health is seen, and that its ports are there. */
export function checkHealth(draft: Draft, fieldPath: string, health: unknown, ports: Ports): void {
  if (!checkRecord(draft, fieldPath, health, '{ ready: "/readyz" }, and live if a restart can help')) return;
  const { ready, live, startupSeconds } = health as Readonly<Record<string, unknown>>;
  checkKeys(draft, fieldPath, health, ["ready", "live", "startupSeconds"]);
  checkCheck(draft, `${fieldPath}.ready`, ready, ports);
  if (live !== undefined) checkCheck(draft, `${fieldPath}.live`, live, ports);
  if (startupSeconds !== undefined) {
    checkInteger(draft, `${fieldPath}.startupSeconds`, startupSeconds, [1, 3600]);
  }
  if (live !== undefined && show(live) === show(ready)) {
    draft.find("probes-identical", `${fieldPath}.live`, {
      message: `${show(live)} is also what shows that the pod is ready`,
      fix: "Use a check that fails only when a restart helps, or leave live out",
    });
  }
}

const forms: Readonly<Record<string, (value: unknown) => boolean>> = {
  http: isPath,
  https: isPath,
  tcp: (value) => typeof value === "number" || typeof value === "string",
  grpc: (value) => typeof value === "string",
  exec: (value) => Array.isArray(value) && value.length > 0,
};

function checkCheck(draft: Draft, fieldPath: string, check: unknown, ports: Ports): void {
  if (isPath(check) || check === "tcp" || check === "grpc") checkPort(draft, fieldPath, undefined, ports);
  else checkForm(draft, fieldPath, isRecord(check) ? check : {}, ports);
}

function checkForm(
  draft: Draft,
  fieldPath: string,
  record: Readonly<Record<string, unknown>>,
  ports: Ports,
): void {
  const [form, ...others] = Object.keys(record).filter((key) => key in forms);
  if (form === undefined || others.length > 0 || forms[form]?.(record[form]) !== true) {
    draft.find("invalid-value", fieldPath, {
      message: `${show(record)} is not a check`,
      fix:
        'Use a path that begins with "/", "tcp", "grpc", or exactly one of {http, port}, {https, port}, {tcp}, ' +
        "{grpc, port} and {exec: [command, ...]}",
    });
    return;
  }
  const hasPort = form !== "exec" && form !== "tcp";
  checkKeys(draft, fieldPath, record, hasPort ? [form, "port"] : [form]);
  if (form === "tcp") checkPort(draft, `${fieldPath}.tcp`, record["tcp"], ports);
  else if (hasPort) checkPort(draft, `${fieldPath}.port`, record["port"], ports);
}

function checkPort(draft: Draft, fieldPath: string, port: unknown, ports: Ports): void {
  const names = Object.keys(ports);
  if (typeof port === "number") {
    checkInteger(draft, fieldPath, port, [1, 65_535]);
  } else if (port === undefined ? names.length === 0 : !names.some((name) => name === port)) {
    draft.find("invalid-value", fieldPath, {
      message: port === undefined ? "the container has no port" : `${show(port)} is no port of the container`,
      fix:
        names.length === 0
          ? "Give the port's number, or use {exec: [command, ...]}"
          : `Use a number, or one of ${names.join(", ")}`,
    });
  }
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("/");
}
