import { isRecord } from "../core/json.ts";

/** Labels by key. */
export type Labels = Readonly<Record<string, unknown>>;

/** True if labels satisfy a selector of labels; an empty selector selects everything. */
export function selects(selector: unknown, labels: Labels): boolean {
  if (!isRecord(selector)) return false;
  const { matchLabels, matchExpressions } = selector;
  const pairs = isRecord(matchLabels) ? Object.entries(matchLabels) : [];
  const expressions: readonly unknown[] = Array.isArray(matchExpressions) ? matchExpressions : [];
  return (
    pairs.every(([key, value]) => labels[key] === value) &&
    expressions.every((expression) => isRecord(expression) && holds(expression, labels))
  );
}

/** True if a selector names any label at all. */
export function isNarrow(selector: unknown): boolean {
  if (!isRecord(selector)) return false;
  const { matchLabels, matchExpressions } = selector;
  const hasLabels = isRecord(matchLabels) && Object.keys(matchLabels).length > 0;
  return hasLabels || (Array.isArray(matchExpressions) && matchExpressions.length > 0);
}

function holds({ key, operator, values }: Labels, labels: Labels): boolean {
  const value = labels[String(key)];
  const list: readonly unknown[] = Array.isArray(values) ? values : [];
  switch (operator) {
    case "In":
      return list.includes(value);
    case "NotIn":
      return !list.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return operator === "DoesNotExist" && value === undefined;
  }
}
