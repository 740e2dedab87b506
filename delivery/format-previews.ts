import { formatChanges } from "./diff.ts";
import type { Preview } from "./preview.ts";

const signs: Readonly<Partial<Record<Preview["action"], string>>> = {
  created: "+",
  changed: "~",
  drifted: "!",
  pruned: "-",
  kept: "=",
};

const words: Readonly<Partial<Record<Preview["action"], string>>> = {
  created: "to create",
  changed: "to change",
  drifted: "drifted and left so",
  pruned: "to delete",
  kept: "to leave to the cluster",
  unchanged: "unchanged",
};

export interface FormatOptions {
  /** How many lines there may be. @default 100 */
  readonly lines?: number;
}

/**
 * What applying would do, for people: a line with the counts, a line for each object that differs, and below it each field
 * of those that change. Conflicts are named with their owners. Pure.
 */
export function formatPreviews(
  previews: readonly Preview[],
  { lines: most = 100 }: FormatOptions = {},
): string {
  const lines = [counts(previews), ...previews.flatMap(describe)];
  if (lines.length <= most) return lines.join("\n");
  return [...lines.slice(0, most), `… and ${lines.length - most} lines more`].join("\n");
}

function counts(previews: readonly Preview[]): string {
  const parts = Object.entries(words).flatMap(([action, word]) => {
    const count = previews.filter((preview) => preview.action === action).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return parts.length === 0 ? "no objects" : parts.join(", ");
}

function describe({ object, action, changes, conflicts, isVerified }: Preview): readonly string[] {
  const sign = signs[action];
  const refused = conflicts.map(({ field, owner }) => `    ! ${field} belongs to ${owner}`);
  if (sign === undefined) return refused.length === 0 ? [] : [`! ${object}`, ...refused];
  const fields = action === "changed" || action === "drifted" ? formatChanges(changes).split("\n") : [];
  const note = isVerified ? "" : " (the server cannot be asked before its kind or namespace is there)";
  return [`${sign} ${object}${note}`, ...fields.map((field) => `    ${field}`), ...refused];
}
