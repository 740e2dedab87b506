import assert from "node:assert/strict";
import fc from "fast-check";
import { judgeAnswer, type Measurement } from "../../cli/fleet/prometheus-answer.ts";

const bounds = { query: "q", min: 0, max: 1 };
const labels = { job: "web" };

/** An answer as Prometheus documents it. */
function answer(resultType: string, result: unknown): unknown {
  return { status: "success", data: { resultType, result } };
}

function vector(...values: readonly string[]): unknown {
  return answer(
    "vector",
    values.map((value) => ({ metric: labels, value: [1_435_781_451.781, value] })),
  );
}

function judge(body: unknown, status = 200): string {
  const { state, reason } = judgeAnswer(status, body, bounds);
  return reason === "" ? state : `${state}: ${reason}`;
}

describe("judgeAnswer()", () => {
  for (const [title, body, says] of [
    ["a vector within the bounds", vector("0.5", "1", "0"), "within"],
    ["a scalar within the bounds", answer("scalar", [1_435_781_451.781, "0.5"]), "within"],
    ["one sample above them", vector("0.5", "1.5"), 'outside: gives 1.5 for {job="web"}, more than 1'],
    ["one sample below them", vector("-0.5"), 'outside: gives -0.5 for {job="web"}, less than 0'],
    ["a scalar above them", answer("scalar", [1, "2"]), "outside: gives 2, more than 1"],
    ["an empty vector", vector(), "unknown: gives an empty vector: nothing was measured"],
    ["no number", vector("0.5", "NaN"), 'unknown: gives NaN for {job="web"}'],
    ["an infinite number", vector("+Inf"), 'unknown: gives +Inf for {job="web"}'],
    ["an empty value", vector(""), 'unknown: gives no number for {job="web"}'],
    ["no number, and one that is bad", vector("NaN", "7"), 'outside: gives 7 for {job="web"}, more than 1'],
    [
      "a histogram",
      answer("vector", [{ metric: {}, histogram: [1, { count: "2", sum: "3", buckets: [] }] }]),
      "unknown: gives no number",
    ],
    ["a range", answer("matrix", []), "refused: gives a matrix, and not a vector or a scalar"],
    ["a text", answer("string", [1, "1"]), "refused: gives a string, and not a vector or a scalar"],
    [
      "an error",
      { status: "error", errorType: "timeout", error: "too slow" },
      "unknown: answers with 200: too slow",
    ],
    ["the page of a login", "<html>", "unknown: answers, but not as Prometheus does"],
    ["nothing", undefined, "unknown: answers, but not as Prometheus does"],
    ["other JSON", { status: "success" }, "unknown: answers, but not as Prometheus does"],
  ] as const) {
    it(`judges ${title}`, () => {
      assert.equal(judge(body), says);
    });
  }

  for (const [status, state] of [
    [400, "refused"],
    [401, "unknown"],
    [422, "unknown"],
    [503, "unknown"],
  ] as const) {
    it(`does not take ${status} for a measurement`, () => {
      const body = { status: "error", errorType: "bad_data", error: "parse error" };

      assert.equal(judge(body, status), `${state}: answers with ${status}: parse error`);
      assert.equal(judge("denied", status), `${state}: answers with ${status}: denied`);
      assert.equal(judge(vector("0.5"), status), `${state}: answers with ${status}`, "whatever it holds");
    });
  }

  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  const nothing = fc.constantFrom("NaN", "+Inf", "-Inf", "", "1e", "0x");

  it("lets through exactly those whose samples are all numbers within the bounds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(finite.map(String), nothing), { maxLength: 5 }),
        fc.option(finite, { nil: undefined }),
        fc.option(finite, { nil: undefined }),
        (values, min, max) => {
          const probe = { query: "q", ...(min !== undefined && { min }), ...(max !== undefined && { max }) };

          const { state } = judgeAnswer(200, vector(...values), probe);

          const fits = (text: string): boolean =>
            /^-?\d/u.test(text) &&
            !/[ex]$/u.test(text) &&
            !(Number(text) < (min ?? -Infinity)) &&
            !(Number(text) > (max ?? Infinity));
          assert.equal(state === "within", values.length > 0 && values.every(fits), values.join());
        },
      ),
    );
  });

  it("takes nothing that is no answer of Prometheus for a measurement", () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(200, 204, 302, 401, 500), (body, status) => {
        const states: readonly Measurement["state"][] = ["unknown", "refused"];

        assert.ok(states.includes(judgeAnswer(status, body, bounds).state));
        assert.ok(states.includes(judgeAnswer(status, answer("vector", body), bounds).state));
        assert.ok(states.includes(judgeAnswer(status, answer("vector", [body]), bounds).state));
      }),
    );
  });
});
