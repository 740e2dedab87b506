import type { Field, Scalar, Type } from "./type.ts";

/** Finds the fields of a definition by its name. */
export type FieldsOf = (definition: string) => ReadonlyMap<string, Field>;

/**
 * Reads the fields of a line of constructs/kubernetes/schema.ts: `name:type`, `name!:type` if required. A type is a
 * letter for a scalar, `=a|b` for one of some words, `#definition`, `{` and the type of a map's values, or `[` and the
 * type of a list's items. A list may say in `<keys;mergeKey>` what names an item, `=` for its value.
 */
export function readFields(line: string, fieldsOf: FieldsOf): ReadonlyMap<string, Field> {
  const fields = line.split(" ").slice(1);
  return new Map(
    fields.map((text): [string, Field] => {
      const colon = text.indexOf(":");
      const required = text[colon - 1] === "!";
      const type = readType(text.slice(colon + 1), fieldsOf);
      return [text.slice(0, required ? colon - 1 : colon), { required, type }];
    }),
  );
}

function readType(text: string, fieldsOf: FieldsOf): Type {
  const rest = text.slice(1);
  switch (text[0]) {
    case "=":
      return { kind: "enum", values: rest.split("|") };
    case "#":
      return { kind: "object", fields: () => fieldsOf(rest), isOpen: false };
    case "{":
      return { kind: "map", value: readType(rest, fieldsOf) };
    case "[":
      return readList(rest, fieldsOf);
    default:
      return { kind: scalars[text] ?? "anything" };
  }
}

function readList(text: string, fieldsOf: FieldsOf): Type {
  const mark = /^<(.*?);(.*?)>/.exec(text);
  const [whole = "", keys = "", mergeKey = ""] = mark ?? [];
  return {
    kind: "list",
    item: readType(text.slice(whole.length), fieldsOf),
    keys: keys === "" || keys === "=" ? [] : keys.split(","),
    isSet: keys === "=",
    mergeKey: mergeKey || undefined,
  };
}

const scalars: Readonly<Record<string, Scalar>> = {
  s: "text",
  b: "boolean",
  i: "int32",
  l: "int64",
  n: "number",
  q: "quantity",
  p: "intOrString",
  t: "time",
  y: "bytes",
  o: "free",
};
