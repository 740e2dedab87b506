import { KeelsonError } from "../errors.ts";

const plain = /^[\w%+,./:=@^-]+$/;

/**
 * One word of a shell command line that `sh` reads back as exactly this value.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if the value holds a NUL character, which no command line can carry
 */
export function quote(value: string | number): string {
  const text = String(value);
  if (text.includes("\0")) {
    throw new KeelsonError("KEELSON_INVALID_INPUT", "Cannot quote a shell word: it holds a NUL character");
  }
  return plain.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A shell command line in which every interpolated value is quoted; an array becomes one word per element.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if a value holds a NUL character
 */
export function command(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | readonly (string | number)[])[]
): string {
  return parts.reduce((line, part, index) => line + words(values[index - 1] ?? []) + part);
}

function words(value: string | number | readonly (string | number)[]): string {
  return typeof value === "object" ? value.map(quote).join(" ") : quote(value);
}
