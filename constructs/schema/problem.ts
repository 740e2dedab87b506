/** What is wrong with a value in a manifest. */
export interface Problem {
  readonly code: "unknown-field" | "wrong-type" | "missing-field" | "invalid-value" | "duplicate-item";
  /** Dotted, `spec.ports.0.port` for example. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** A value as a message quotes it, cut if it is long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** What a value is, in the words of a person. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return `text, ${quote(value)}`;
  return `the ${typeof value} ${quote(value)}`;
}
