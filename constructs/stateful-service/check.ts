import { checkInteger, checkKeys, checkRecord } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import { checkPorts, checkSpread } from "../pod/check.ts";
import { checkHealth } from "../pod/check-health.ts";
import { checkWord } from "../volume/check.ts";
import type { StatefulServiceProps } from "./props.ts";

/** Finds what is wrong with the properties of a stateful service beyond those of all workloads. */
export function checkStatefulService(draft: Draft, props: StatefulServiceProps): void {
  const { port, ports, health, replicas, spread, expose, volumes, retention } = props;
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
  if (expose !== undefined) checkWord(draft, "expose", expose, ["cluster", "clusterSet"]);
  if (health !== undefined) checkHealth(draft, "health", health, { main: port, ...ports });
  if (!checkRecord(draft, "volumes", volumes, '{ data: { path: "/data", size: "10Gi" } }')) return;
  for (const [name, volume] of Object.entries(volumes as Readonly<Record<string, unknown>>)) {
    if (!isRecord(volume) || volume["whenDeleted"] === undefined) continue;
    draft.find("invalid-value", `volumes.${name}.whenDeleted`, {
      message: "the volumes of all pods are kept or deleted together",
      fix: 'Use retention: { whenDeleted: "Delete" } of the service',
    });
  }
  checkRetention(draft, retention);
}

function checkRetention(draft: Draft, retention: unknown): void {
  if (retention === undefined) return;
  if (!checkRecord(draft, "retention", retention, '{ whenDeleted: "Delete" }')) return;
  checkKeys(draft, "retention", retention, ["whenDeleted", "whenScaled"]);
  for (const [key, word] of Object.entries(retention as object)) {
    checkWord(draft, `retention.${key}`, word, ["Retain", "Delete"]);
  }
}
