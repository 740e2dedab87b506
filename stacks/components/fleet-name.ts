import { createHash } from "node:crypto";

const longest = 24;

/** The fleet of a stack's local machines, a label of at most 24 characters. Another stack has another one. */
export function fleetName(project: string, stack: string): string {
  const text = `${project}-${stack}`;
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  if (plain === text && plain.length <= longest) return plain;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 6);
  return `${plain.slice(0, longest - 7).replace(/-$/, "")}-${digest}`;
}
