import { posix } from "node:path";

import type { SourceImport } from "./read-imports.ts";

/** Circles of files that import each other at run time; type imports do not count, since nothing is left of them. */
export function findCircles(imports: ReadonlyMap<string, readonly SourceImport[]>): readonly string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1)
      circles.push(`${[...trail.slice(start), path].join(" -> ")}: Cannot import in a circle`);
    if (start !== -1 || done.has(path)) return;
    for (const target of targets(path, imports)) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return circles;
}

function targets(path: string, imports: ReadonlyMap<string, readonly SourceImport[]>): readonly string[] {
  return (imports.get(path) ?? [])
    .filter(({ specifier, typeOnly }) => specifier.startsWith(".") && !typeOnly)
    .map(({ specifier }) => posix.join(posix.dirname(path), specifier))
    .filter((target) => imports.has(target));
}
