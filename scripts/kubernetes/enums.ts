import { readFileSync } from "node:fs";

/**
 * The fields with a closed set of values, by `group_version_Type`. The published document leaves them out, but the
 * source that it is generated from has them.
 */
export function readEnums(file: string): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const types = new Map<string, Map<string, readonly string[]>>();
  let fields = new Map<string, readonly string[]>();
  let field = "";
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const type = /^func schema_(?:k8sio_api|pkg_apis)_(\w+)\(/.exec(line)?.[1];
    if (type !== undefined) {
      fields = new Map();
      types.set(type, fields);
    }
    field = /^\t{5}"([^"]+)": \{$/.exec(line)?.[1] ?? field;
    const values = /Enum:\s+\[\]interface\{\}\{(.*)\},$/.exec(line)?.[1];
    if (values !== undefined) fields.set(field, JSON.parse(`[${values}]`) as string[]);
  }
  return types;
}
