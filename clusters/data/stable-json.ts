import { isRecord } from "./is-record.ts";

/** JSON of plain data with the keys of every object in order, so that equal data has equal bytes. */
export function stableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, each: unknown) => (isRecord(each) ? sorted(each) : each), indent);
}

/** Whether two pieces of plain data say the same, in whatever order. */
export function isSameData(left: unknown, right: unknown): boolean {
  return stableJson(left) === stableJson(right);
}

/** Which of two texts comes first, the same on every computer: `localeCompare` depends on the language. */
export function byText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function sorted(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(object).sort(([left], [right]) => byText(left, right)));
}
