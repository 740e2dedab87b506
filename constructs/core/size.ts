import type { ResourceRequirements } from "../kubernetes/types.ts";
import { checkInteger, checkKeys } from "./check.ts";
import type { Draft } from "./draft.ts";
import { isRecord } from "./json.ts";

/** What one container needs. */
export interface Size {
  /** Processors, or thousandths of one. */
  readonly cpu: number | `${number}m`;
  /** Memory, which is also the limit. */
  readonly memory: Bytes;
  /** What the pod may write to the node's disk: logs, `/tmp` and shared directories. @default - not limited */
  readonly ephemeralStorage?: Bytes;
  /** Whole devices by resource name, `{ "nvidia.com/gpu": 1 }` for example. @default - none */
  readonly devices?: Readonly<Record<`${string}/${string}`, number>>;
}

/** An amount of memory or storage. */
export type Bytes = `${number}${"Ki" | "Mi" | "Gi"}`;

export type SizeName = keyof typeof sizes;

const sizes = {
  small: { cpu: "100m", memory: "128Mi" },
  medium: { cpu: "250m", memory: "512Mi" },
  large: { cpu: 1, memory: "2Gi" },
} as const satisfies Readonly<Record<string, Size>>;

/** Checks a size, which may come from JavaScript or a cast. */
export function checkSize(draft: Draft, fieldPath: string, size: unknown): void {
  if (typeof size === "string") {
    if (Object.hasOwn(sizes, size)) return;
    draft.find("invalid-value", fieldPath, {
      message: `"${size}" is not a size`,
      fix: `Use one of ${Object.keys(sizes).join(", ")}, or {cpu, memory}`,
    });
    return;
  }
  const { cpu, memory, ephemeralStorage, devices = {} } = isRecord(size) ? size : {};
  checkKeys(draft, fieldPath, size, ["cpu", "memory", "ephemeralStorage", "devices"]);
  if (!/^([1-9]\d*m|\d+(\.\d+)?)$/.test(String(cpu)) || Number(cpu) === 0) {
    draft.find("invalid-value", `${fieldPath}.cpu`, {
      message: `${JSON.stringify(cpu)} is not an amount of processors`,
      fix: 'Use a number of processors, or thousandths as in "250m"',
    });
  }
  checkBytes(draft, `${fieldPath}.memory`, memory);
  if (ephemeralStorage !== undefined) {
    checkBytes(draft, `${fieldPath}.ephemeralStorage`, ephemeralStorage, "storage");
  }
  checkDevices(draft, `${fieldPath}.devices`, devices);
}

/** Checks an amount of memory or storage. */
export function checkBytes(draft: Draft, fieldPath: string, amount: unknown, of = "memory"): void {
  if (/^[1-9]\d*(\.\d+)?(Ki|Mi|Gi)$/.test(String(amount))) return;
  draft.find("invalid-value", fieldPath, {
    message: `${JSON.stringify(amount)} is not an amount of ${of}`,
    fix: 'Use a whole number of Mi or Gi, "256Mi" for example',
  });
}

/**
 * Requests, and a memory limit equal to its request, so that a pod never takes memory that others count on.
 * There is no CPU limit: it would slow a pod down while processors are idle.
 */
export function resourcesOf(size: SizeName | Size): ResourceRequirements {
  const { cpu, memory, ephemeralStorage, devices }: Size = typeof size === "string" ? sizes[size] : size;
  const both = {
    memory,
    ...(ephemeralStorage !== undefined && { "ephemeral-storage": ephemeralStorage }),
    ...devices,
  };
  return { requests: { cpu: String(cpu), ...both }, limits: both };
}

/** Checks numbers of devices. They are given out whole, and only to pods whose request and limit agree. */
export function checkDevices(draft: Draft, fieldPath: string, devices: unknown, least = 1): void {
  if (!isRecord(devices)) {
    draft.find("invalid-value", fieldPath, {
      message: `${JSON.stringify(devices)} is not a record`,
      fix: 'Use { "nvidia.com/gpu": 1 } for example',
    });
    return;
  }
  for (const [name, count] of Object.entries(devices)) {
    if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(name)) {
      draft.find("invalid-name", `${fieldPath}.${name}`, {
        message: `"${name}" cannot name a device`,
        fix: 'Use the domain and the resource of its plugin, "nvidia.com/gpu" for example',
      });
    }
    checkInteger(draft, `${fieldPath}.${name}`, count, [least, 1000]);
  }
}
