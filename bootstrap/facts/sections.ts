import { KeelsonError } from "../../errors.ts";
import { splitWholeFiles } from "./whole-files.ts";

/** The output of the facts script, by section. */
export interface Sections {
  /** A section's text without surrounding space; empty if it is missing. */
  readonly text: (name: string) => string;
  /** A section's lines, without empty ones. */
  readonly lines: (name: string) => string[];
}

/**
 * Takes the script's output apart.
 *
 * @throws KeelsonError KEELSON_COMMAND_FAILED if the output was cut off
 */
export function readSections(output: string): Sections {
  const sections = new Map(
    output
      .split("\u001e")
      .slice(1)
      .map((section): [string, string] => {
        const end = section.indexOf("\n");
        return [section.slice(0, end), section.slice(end + 1)];
      }),
  );
  if (!sections.has("end")) {
    throw new KeelsonError("KEELSON_COMMAND_FAILED", "Cannot read the host's facts: the output was cut off");
  }
  const files = splitWholeFiles(sections.get("fileNames") ?? "", sections.get("fileTexts") ?? "");
  const text = (name: string): string => (sections.get(name) ?? files.get(name) ?? "").trim();
  return { text, lines: (name) => text(name).split("\n").filter(Boolean) };
}
