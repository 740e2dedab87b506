import { readFileSync } from "node:fs";

// Pulumi's SDK takes a stack trace for every promise of a resource, and maps each frame of it to sources: a fifth of a
// program's time. A program that Node runs as TypeScript has no source maps, so its traces can be Node's own.
const isTranspiled = process.env["PULUMI_NODEJS_TYPESCRIPT"] === "true";
if (!isTranspiled && /^main: *\S+\.m?ts$/m.test(project())) {
  Reflect.deleteProperty(Error, "prepareStackTrace");
}

/** The file of the project, in whose folder Pulumi starts the program; nothing for any other user of the library. */
function project(): string {
  try {
    return readFileSync("Pulumi.yaml", "utf8");
  } catch {
    return "";
  }
}
