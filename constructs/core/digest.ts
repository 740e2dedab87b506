/** A digest of content and of the patch on top of it; without a patch, of the content alone. */
export function digestOf(content: unknown, patch?: object): string {
  return digest(JSON.stringify(patch === undefined ? content : [content, patch]));
}

/** A digest of a text, eight hex digits: it tells versions of one thing apart, and is no protection against intent. */
export function digest(text: string): string {
  // FNV-1a of 64 bits, folded to 32.
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return BigInt.asUintN(32, hash ^ (hash >> 32n))
    .toString(16)
    .padStart(8, "0");
}
