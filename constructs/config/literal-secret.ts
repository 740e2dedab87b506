import type { Draft } from "../core/draft.ts";

/** Names a secret that stands in a manifest as it is: everyone can read it there, and it stays in the history. */
export function checkLiteralSecret(draft: Draft, fieldPath: string, name: string, value: unknown): void {
  if (typeof value !== "string" || !isSecret(name, value)) return;
  draft.find("literal-secret", fieldPath, {
    message: "a secret stands in the manifest, where everyone can read it who can read the object",
    fix: "Use new SecretRef(name).value(key), or a late secret of the stack",
  });
}

function isSecret(name: string, value: string): boolean {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value)) return true;
  if (/^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/i.test(value)) return true;
  return value !== "" && /(^|_|-)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)$/i.test(name);
}
