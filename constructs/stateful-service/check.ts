import {
  checkInteger,
  checkKeys,
  checkLabelName,
  checkObjectName,
  checkRecord,
  show,
} from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { checkPorts, checkSpread } from "../pod/check.ts";
import { checkHealth } from "../pod/check-health.ts";
import type { StatefulServiceProps } from "./props.ts";

/** Finds what is wrong with the properties of a stateful service beyond those of all workloads. */
export function checkStatefulService(draft: Draft, props: StatefulServiceProps): void {
  const { port, ports, health, replicas, spread, volumes, shared = [] } = props;
  checkInteger(draft, "port", port, [1, 65_535]);
  if (ports !== undefined) checkPorts(draft, "ports", ports, [port]);
  if (ports !== undefined)
    checkKeys(
      draft,
      "ports",
      ports,
      Object.keys(ports).filter((name) => name !== "main"),
    );
  if (replicas !== undefined) checkInteger(draft, "replicas", replicas, [0, 1000]);
  checkSpread(draft, spread);
  if (health !== undefined) checkHealth(draft, "health", health, { main: port, ...ports });
  checkVolumes(draft, volumes, ["/tmp", ...shared]);
}

function checkVolumes(draft: Draft, volumes: unknown, taken: readonly string[]): void {
  if (!checkRecord(draft, "volumes", volumes, '{ data: { path: "/data", size: "10Gi" } }')) return;
  const paths = [...taken];
  for (const [name, volume] of Object.entries(volumes as Readonly<Record<string, unknown>>)) {
    const property = `volumes.${name}`;
    checkLabelName(draft, property, name);
    if (name === "tmp" || /^(tmp|shared)-/.test(name)) {
      draft.find("invalid-name", property, {
        message: `"${name}" is the name of a directory that every pod has`,
        fix: "Use another name",
      });
    }
    if (!checkRecord(draft, property, volume, '{ path: "/data", size: "10Gi" }')) continue;
    const { path, size, storageClass } = volume as Readonly<Record<string, unknown>>;
    checkKeys(draft, property, volume, ["path", "size", "storageClass"]);
    if (typeof path !== "string" || !/^\/[^/:]/.test(path) || paths.includes(path)) {
      draft.find("invalid-value", `${property}.path`, {
        message: `${show(path)} is not a free absolute path`,
        fix: 'Use another path from the root, "/data" for example',
      });
    }
    paths.push(String(path));
    if (!/^[1-9]\d*(Mi|Gi|Ti)$/.test(String(size))) {
      draft.find("invalid-value", `${property}.size`, {
        message: `${show(size)} is not an amount of storage`,
        fix: 'Use a whole number of Mi, Gi or Ti, "10Gi" for example',
      });
    }
    if (storageClass !== undefined) checkObjectName(draft, `${property}.storageClass`, storageClass);
  }
}
