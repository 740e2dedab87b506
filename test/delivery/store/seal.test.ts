import assert from "node:assert/strict";
import fc from "fast-check";
import { Seal } from "../../../delivery/store/seal.ts";

const key = "0f".repeat(32);
const seal = new Seal(key);

describe("A seal", () => {
  it("opens what it closed, in its place alone, and with its key alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), fc.string(), (text, place, other) => {
        const sealed = seal.close(text, place);

        assert.equal(seal.open(sealed, place), text);
        assert.equal(seal.close(text, place), sealed, "equal texts are sealed to equal bytes");
        assert.equal(new Seal("0e".repeat(32)).open(sealed, place), undefined);
        if (other !== place) {
          assert.equal(seal.open(sealed, other), undefined);
          assert.notEqual(seal.close(text, other), sealed);
        }
      }),
    );
  });

  it("does not open what somebody has changed, cut or made up", () => {
    const sealed = Buffer.from(seal.close("a password", "here"), "base64");

    for (const at of sealed.keys()) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(seal.open(changed.toString("base64"), "here"), undefined, String(at));
      assert.equal(seal.open(sealed.subarray(0, at).toString("base64"), "here"), undefined);
    }
    assert.equal(seal.open("nonsense", "here"), undefined);
  });

  for (const wrong of ["", "0f", "0F".repeat(32), `${key} `]) {
    it(`refuses ${JSON.stringify(wrong.slice(0, 4))} of ${wrong.length} characters as a key, and does not quote it`, () => {
      assert.throws(() => new Seal(wrong), {
        code: "KEELSON_INVALID_INPUT",
        message: "Cannot use the key of the release store: it is not 64 hexadecimal digits",
      });
    });
  }
});
