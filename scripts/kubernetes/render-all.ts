import { readDefinitions, renderCustomTypes, renderDefinitions } from "./custom.ts";
import { readLifecycles } from "./lifecycle.ts";
import { renderSchema } from "./schema.ts";
import { goModule, readSpec, releases } from "./spec.ts";
import { renderTypes } from "./types.ts";

/** Every generated file of constructs/kubernetes by its name; undefined if a module is not on this machine. */
export function renderAll({
  download,
}: {
  readonly download: boolean;
}): ReadonlyMap<string, string> | undefined {
  const api = goModule("k8s.io/api", apiVersion(releases.at(-1) ?? ""), download);
  const folders = releases.map((release) => goModule("k8s.io/kubernetes", release, download));
  const custom = readDefinitions(download);
  if (api === undefined || custom === undefined) return undefined;
  const specs = [];
  for (const [index, release] of releases.entries()) {
    const folder = folders[index];
    if (folder === undefined) return undefined;
    specs.push(readSpec(folder, release));
  }
  const types = specs.map((spec) => [`types-${spec.minor}.ts`, renderTypes(spec)] as const);
  return new Map([
    ...types,
    ["schema.ts", renderSchema(specs, readLifecycles(api))],
    ["custom-resources.ts", renderDefinitions(custom)],
    ["types-custom.ts", renderCustomTypes(custom)],
  ]);
}

// The API module of Kubernetes 1.35.4 is 0.35.4.
function apiVersion(release: string): string {
  return release.replace(/^1/, "0");
}
