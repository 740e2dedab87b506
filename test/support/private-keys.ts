/** All distinct private keys in a decrypted state, where secrets are JSON inside of JSON. */
export function privateKeysIn(value: unknown): string[] {
  if (typeof value === "string") {
    if (value.startsWith('{"') || value.startsWith('"')) return privateKeysIn(JSON.parse(value));
    return value.includes("PRIVATE KEY-----") ? [value] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return [...new Set(Object.values(value).flatMap(privateKeysIn))];
}

/** The private key of a kubeconfig's one user, PEM. */
export function clientKeyOf(kubeconfig: string): string {
  const [, key = ""] = /client-key-data: (\S+)/.exec(kubeconfig) ?? [];
  return Buffer.from(key, "base64").toString();
}
