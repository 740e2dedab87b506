import { checkPeers } from "../core/access.ts";
import { checkEnv, checkExceptions, checkImage, checkInteger, checkKeys, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import { checkSize } from "../core/size.ts";
import { isLate } from "../late.ts";
import type { WebServicePatch, WebServiceProps } from "./props.ts";

/** Finds everything that is wrong with the properties. The compiler finds most of it first, but not after a cast. */
export function checkProps(draft: Draft, props: WebServiceProps): void {
  checkKeys(draft, "", props, keysOf(properties));
  checkExceptions(draft, props.allow ?? []);
  checkImage(draft, "image", props.image);
  checkInteger(draft, "port", props.port, [1, 65_535]);
  if (props.replicas !== undefined) checkInteger(draft, "replicas", props.replicas, [0, 10_000]);
  if (props.shutdownSeconds !== undefined)
    checkInteger(draft, "shutdownSeconds", props.shutdownSeconds, [0, 3600]);
  if (props.size !== undefined) checkSize(draft, "size", props.size);
  if (props.env !== undefined) checkEnv(draft, props.env, isEnvValue);
  checkHealth(draft, props);
  checkReach(draft, props);
  checkKeys(draft, "patch", props.patch, keysOf(patches));
  if (props.replicas === 1) {
    draft.find("single-replica", "replicas", {
      message: "one pod cannot outlive its node, and each drain interrupts the service",
      fix: "Use two or more, or allow it with a reason",
    });
  }
}

const properties: Readonly<Record<keyof WebServiceProps, true>> = {
  image: true,
  port: true,
  replicas: true,
  size: true,
  health: true,
  expose: true,
  access: true,
  env: true,
  command: true,
  args: true,
  shutdownSeconds: true,
  name: true,
  allow: true,
  patch: true,
};

const patches: Readonly<Record<keyof WebServicePatch, true>> = {
  container: true,
  pod: true,
  deployment: true,
  service: true,
  serviceAccount: true,
  networkPolicy: true,
  podDisruptionBudget: true,
};

function checkHealth(draft: Draft, { health }: WebServiceProps): void {
  if (health === undefined) return;
  if (!isRecord(health)) {
    draft.find("invalid-value", "health", {
      message: `${show(health)} is not a record`,
      fix: 'Use { ready: "/readyz" }, and live if a restart can help',
    });
    return;
  }
  checkKeys(draft, "health", health, ["ready", "live", "startupSeconds"]);
  checkCheck(draft, "health.ready", health.ready);
  if (health.live !== undefined) checkCheck(draft, "health.live", health.live);
  if (health.startupSeconds !== undefined) {
    checkInteger(draft, "health.startupSeconds", health.startupSeconds, [1, 3600]);
  }
  if (health.live !== undefined && show(health.live) === show(health.ready)) {
    draft.find("probes-identical", "health.live", {
      message: `${show(health.live)} is also what shows that the pod is ready`,
      fix: "Use a check that fails only when a restart helps, or leave live out",
    });
  }
}

function checkCheck(draft: Draft, fieldPath: string, check: unknown): void {
  const isCommand = isRecord(check) && Array.isArray(check["exec"]) && check["exec"].length > 0;
  const isWord = typeof check === "string" && (check.startsWith("/") || check === "tcp" || check === "grpc");
  if (isCommand || isWord) return;
  draft.find("invalid-value", fieldPath, {
    message: `${show(check)} is not a check`,
    fix: 'Use a path that begins with "/", "tcp", "grpc" or {exec: [command, ...]}',
  });
}

function checkReach(draft: Draft, { expose, access }: WebServiceProps): void {
  if (expose !== undefined && expose !== "cluster") {
    checkKeys(draft, "expose", expose, ["nodePort"]);
    const nodePort: unknown = isRecord(expose) ? expose.nodePort : undefined;
    if (nodePort !== "any") checkInteger(draft, "expose.nodePort", nodePort, [30_000, 32_767]);
  }
  checkKeys(draft, "access", access, ["from", "to"]);
  checkPeers(draft, "access.from", access?.from ?? []);
  checkPeers(draft, "access.to", access?.to ?? []);
}

function isEnvValue(value: unknown): boolean {
  return (
    typeof value === "string" || isLate(value) || (isRecord(value) && typeof value["field"] === "string")
  );
}

function keysOf(record: object): readonly string[] {
  return Object.keys(record);
}
