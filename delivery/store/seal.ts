import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { KeelsonError } from "../../errors.ts";

const nonceBytes = 12;
const tagBytes = 16;

/** What a key looks like: 32 random bytes in hexadecimal digits. */
export const keyPattern = /^[0-9a-f]{64}$/u;

/**
 * Encrypts texts with one key (AES-256-GCM), each bound to its place. Equal texts in equal places are sealed to equal
 * bytes, so that what holds them can be found by its digest: the nonce is a keyed digest of text and place, and only one
 * who has the key can try out what a text might be.
 */
export class Seal {
  readonly #encryption: Buffer;
  readonly #nonces: Buffer;

  /** @throws KeelsonError KEELSON_INVALID_INPUT if it is no key */
  constructor(key: string) {
    if (!keyPattern.test(key)) {
      throw new KeelsonError(
        "KEELSON_INVALID_INPUT",
        "Cannot use the key of the release store: it is not 64 hexadecimal digits",
      );
    }
    const secret = Buffer.from(key, "hex");
    this.#encryption = derive(secret, "encryption");
    this.#nonces = derive(secret, "nonces");
  }

  /** The text as base64, for one place. */
  close(text: string, place: string): string {
    const nonce = createHmac("sha256", this.#nonces)
      .update(`${place.length}:${place}`)
      .update(text)
      .digest()
      .subarray(0, nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#encryption, nonce).setAAD(Buffer.from(place));
    return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString(
      "base64",
    );
  }

  /** The text that was sealed for this place; undefined if it was sealed with another key, for another place, or changed. */
  open(sealed: string, place: string): string | undefined {
    const bytes = Buffer.from(sealed, "base64");
    if (bytes.length < nonceBytes + tagBytes) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", this.#encryption, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-tagBytes));
    try {
      const text = [decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()];
      return Buffer.concat(text).toString("utf8");
    } catch {
      return undefined;
    }
  }
}

function derive(secret: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "keelson release store", purpose, 32));
}
