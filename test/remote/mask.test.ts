import assert from "node:assert/strict";
import fc from "fast-check";
import { Masker } from "../../remote/mask.ts";
import { makeKey } from "../support/ssh-server.ts";

const secrets = fc
  .string({ unit: "binary", minLength: 8, maxLength: 60 })
  .filter((text) => text.trim().length >= 8);
const surroundings = fc.string({ unit: fc.constantFrom("a", " ", '"', "\n", "="), maxLength: 10 });

describe("Masker", () => {
  it("hides a secret wherever it stands", () => {
    fc.assert(
      fc.property(secrets, surroundings, surroundings, (secret, before, after) => {
        assert.ok(
          !masking(secret)
            .mask(before + secret + after)
            .includes(secret.trim()),
        );
      }),
    );
  });

  it("hides a secret inside JSON", () => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const inside = JSON.stringify(secret.trim()).slice(1, -1);
        assert.ok(!masking(secret).mask(JSON.stringify({ secret })).includes(inside));
      }),
    );
  });

  it("hides a secret inside a text that is base64 as a whole", () => {
    fc.assert(
      fc.property(secrets, surroundings, surroundings, (secret, before, after) => {
        const masked = masking(secret).mask(Buffer.from(before + secret + after).toString("base64"));
        const [left = "", right = ""] = masked.split("[secret]");
        assert.equal(masked, `${left}[secret]${right}`);
        assert.ok(Buffer.from(left, "base64").length <= Buffer.byteLength(before + leading(secret)) + 1);
        assert.ok(right.replace(/=+$/, "").length * 0.75 <= Buffer.byteLength(trailing(secret) + after) + 2);
      }),
    );
  });

  it("hides each line of a private key by itself, but not its fences", () => {
    const { privateKey } = makeKey();
    const masker = masking(privateKey);
    const lines = privateKey.trim().split("\n");
    for (const line of lines.slice(1, -1)) assert.equal(masker.mask(`log: ${line}`), "log: [secret]");
    assert.equal(masker.mask(lines[0] ?? ""), lines[0]);
  });

  it("leaves text without a secret alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("x", " ", "\n") }), (text) => {
        assert.equal(masking("correct horse").mask(text), text);
      }),
    );
  });

  it("ignores values that are too short to be a secret", () => {
    const masker = new Masker();
    for (const short of [undefined, "", "a", "abc"]) masker.add(short);
    assert.equal(masker.mask("abc a"), "abc a");
  });

  it("hides secrets of any size and number", () => {
    const large = "x".repeat(1_100_000);
    const masker = masking(large);
    for (let index = 0; index < 2000; index += 1) masker.add(`password-${String(index).padStart(4, "0")}(`);
    const sent = Buffer.from(large).toString("base64");
    assert.equal(masker.mask(`sent ${sent}, then password-1234(`), "sent [secret], then [secret]");
  });

  it("does not look for secrets in what stands in their place", () => {
    const masker = masking("a long password");
    masker.add("secret");
    assert.equal(masker.mask("it is a long password"), "it is [secret]");
  });

  it("learns secrets while it works", () => {
    const masker = masking("first-secret");
    masker.mask("anything");
    masker.add("second-secret");
    assert.equal(masker.mask("first-secret second-secret"), "[secret] [secret]");
  });
});

function masking(secret: string): Masker {
  const masker = new Masker();
  masker.add(secret);
  return masker;
}

function leading(secret: string): string {
  return secret.slice(0, secret.length - secret.trimStart().length);
}

function trailing(secret: string): string {
  return secret.slice(secret.trimEnd().length);
}
