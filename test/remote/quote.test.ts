import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { command, quote } from "../../remote/quote.ts";

const words = fc.array(
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\0", "")),
  {
    minLength: 1,
    maxLength: 8,
  },
);

describe("quote", () => {
  it("makes a shell print exactly the value", () => {
    fc.assert(
      fc.property(words, (values) => {
        const line = command`printf ${"%s\\0"} ${values}`;
        const printed = execFileSync("sh", ["-c", line], { encoding: "utf8" }).split("\0").slice(0, -1);
        assert.deepEqual(printed, values);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves plain words as they are", () => {
    assert.equal(
      command`install -m ${"0644"} ${"/etc/a.conf"} ${["x=1", "user@host:22"]}`,
      "install -m 0644 /etc/a.conf x=1 user@host:22",
    );
  });

  it("keeps an empty word", () => {
    assert.equal(quote(""), "''");
  });

  it("quotes what only begins plainly", () => {
    assert.equal(quote("a\nb"), "'a\nb'");
    assert.equal(quote("~root"), "'~root'");
  });

  it("makes no word of an empty array", () => {
    assert.equal(command`rm -f ${[]}`, "rm -f ");
  });

  it("refuses a NUL character", () => {
    assert.throws(() => quote("a\0b"), { code: "KEELSON_INVALID_INPUT" });
  });
});
