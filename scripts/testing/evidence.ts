import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const mostLines = 40;
const mostLogs = 12;

/** The ends of the log files below a folder, for the reader of a failure. */
export async function collectLogs(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  // A guest's own root lies in `upper` and `data`; its journals are not text, and neither are Pulumi's logs.
  const logs = names
    .filter((name) => name.endsWith(".log") && !/\/(upper|data|pulumi\/logs)\//.test(name))
    .slice(0, mostLogs);
  const parts = await Promise.all(
    logs.map(async (name) => {
      const text = await readFile(join(directory, name), "utf8").catch(() => "");
      return text.trim() === ""
        ? ""
        : `--- the end of ${name}\n${text.trimEnd().split("\n").slice(-mostLines).join("\n")}\n`;
    }),
  );
  return parts.join("");
}
