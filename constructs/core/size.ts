import type { ResourceRequirements } from "../kubernetes/types.ts";
import type { Draft } from "./draft.ts";
import { isRecord } from "./json.ts";

/** What one pod needs. */
export interface Size {
  /** Processors, or thousandths of one. */
  readonly cpu: number | `${number}m`;
  /** Memory, which is also the limit. */
  readonly memory: `${number}${"Ki" | "Mi" | "Gi"}`;
}

export type SizeName = keyof typeof sizes;

const sizes = {
  small: { cpu: "100m", memory: "128Mi" },
  medium: { cpu: "250m", memory: "512Mi" },
  large: { cpu: "1", memory: "2Gi" },
} as const;

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
  const { cpu, memory } = isRecord(size) ? size : {};
  if (!/^([1-9]\d*m|\d+(\.\d+)?)$/.test(String(cpu)) || Number(cpu) === 0) {
    draft.find("invalid-value", `${fieldPath}.cpu`, {
      message: `${JSON.stringify(cpu)} is not an amount of processors`,
      fix: 'Use a number of processors, or thousandths as in "250m"',
    });
  }
  if (!/^[1-9]\d*(\.\d+)?(Ki|Mi|Gi)$/.test(String(memory))) {
    draft.find("invalid-value", `${fieldPath}.memory`, {
      message: `${JSON.stringify(memory)} is not an amount of memory`,
      fix: 'Use a whole number of Mi or Gi, "256Mi" for example',
    });
  }
}

/**
 * Requests, and a memory limit equal to its request, so that a pod never takes memory that others count on.
 * There is no CPU limit: it would slow a pod down while processors are idle.
 */
export function resourcesOf(size: SizeName | Size): ResourceRequirements {
  const { cpu, memory } = typeof size === "string" ? sizes[size] : size;
  return { requests: { cpu: String(cpu), memory }, limits: { memory } };
}
