import type { Api, ApiClass, ApiProperty, ApiText } from "./read-api.ts";

/** A page of Markdown about an entry point; `opening` comes first. */
export function renderPage(opening: string, { classes, functions, types }: Api): string {
  const names = new Set([...classes, ...types].map(({ name }) => name));
  const parts = [
    opening.trim(),
    ...section("Classes", classes, (each) => renderClass(each, names)),
    ...section("Functions and values", functions, renderText),
    ...section("Types", types, renderText),
  ];
  return `${parts.join("\n\n")}\n`;
}

function section<Item extends { readonly name: string }>(
  title: string,
  items: readonly Item[],
  render: (item: Item) => readonly string[],
): readonly string[] {
  if (items.length === 0) return [];
  return [`## ${title}`, ...items.flatMap((item) => [`### ${item.name}`, ...render(item)])];
}

function renderClass({ doc, signature, props, members }: ApiClass, names: ReadonlySet<string>): string[] {
  return [
    doc,
    ...(signature === undefined ? [] : [block(`new ${signature}`)]),
    ...(props.length === 0 ? [] : [table(["property", "type", "is", "default"], props, names)]),
    ...(members.length === 0 ? [] : [table(["member", "type", "is"], members, names)]),
  ].filter(Boolean);
}

function renderText({ doc, text }: ApiText): string[] {
  return [doc, block(text)].filter(Boolean);
}

function block(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

function table(
  head: readonly string[],
  properties: readonly ApiProperty[],
  names: ReadonlySet<string>,
): string {
  const rows = properties.map(({ name, type, isOptional, doc, fallback }) => {
    const last = fallback ?? (isOptional ? "" : "required");
    return [`\`${name}\``, typeCell(type, names), doc, last].slice(0, head.length);
  });
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
}

function typeCell(type: string, names: ReadonlySet<string>): string {
  const code = type.includes("`") ? `\`\` ${type} \`\`` : `\`${type}\``;
  const [, name = ""] = /^(?:readonly )?(\w+)(?:\[\])?$/.exec(type) ?? [];
  return names.has(name) ? `[${code}](#${name.toLowerCase()})` : code;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
