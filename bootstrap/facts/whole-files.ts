import { quote } from "../../remote/quote.ts";

/** A section of the facts script, and the file that it shows as it is. */
export type WholeFile = readonly [section: string, path: string];

/**
 * The part of the facts script that prints whole files, all with one process: none of them may hold a secret. The first file
 * of a section that is there is the one that counts.
 */
export function wholeFilesPart(files: readonly WholeFile[]): string {
  return `
section fileNames; printf '%s\\n' ${files.map((file) => quote(file.join(" "))).join(" ")}
section fileTexts; head -vc ${String(mostBytes)} ${files.map(([, path]) => quote(path)).join(" ")}`;
}

/** More than any of these files has, so that none floods the output. */
const mostBytes = 1024 * 1024;

/** What `head -v` printed, by section. Pure. */
export function splitWholeFiles(names: string, texts: string): ReadonlyMap<string, string> {
  const sections = names
    .split("\n")
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const);
  const [, ...parts] = `\n${texts}`.split(/\n==> (\/.*) <==\n/);
  const found = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) {
    const path = parts[index] ?? "";
    if (!found.has(path)) found.set(path, parts[index + 1] ?? "");
  }
  const shown = new Map<string, string>();
  for (const [section, path] of sections) {
    const text = found.get(path);
    if (text !== undefined && !shown.has(section)) shown.set(section, text);
  }
  return shown;
}
