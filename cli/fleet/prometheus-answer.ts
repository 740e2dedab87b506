import { isRecord } from "../../clusters/data/is-record.ts";
import type { PrometheusQuery } from "../../clusters/waves/probes.ts";

/** What an answer says: within the bounds, out of them, nothing of use, or that the query itself is wrong. */
export interface Measurement {
  readonly state: "within" | "outside" | "unknown" | "refused";
  /** For people; empty if it is within. */
  readonly reason: string;
}

/** Judges an answer of Prometheus to an instant query, `/api/v1/query`. Whatever is no number is not within. Pure. */
export function judgeAnswer(status: number, body: unknown, bounds: PrometheusQuery): Measurement {
  const answer = (isRecord(body) ? body : {}) as Partial<Answer>;
  if (status !== 200 || answer.status === "error") {
    const said = textOf(answer.error ?? body, "");
    const reason = `answers with ${status}${said === "" ? "" : `: ${said}`}`;
    // A query that cannot be read will not become readable.
    return { state: status === 400 ? "refused" : "unknown", reason };
  }
  return answer.status === "success" && isRecord(answer.data)
    ? judgeData(answer.data, bounds)
    : unknown("answers, but not as Prometheus does");
}

function judgeData({ resultType, result }: Answer["data"], bounds: PrometheusQuery): Measurement {
  if (resultType === "scalar") return judgeSamples([{ value: result }], bounds);
  if (resultType !== "vector" || !Array.isArray(result))
    return {
      state: "refused",
      reason: `gives a ${textOf(resultType, "result of no type")}, and not a vector or a scalar`,
    };
  if (result.length === 0) return unknown("gives an empty vector: nothing was measured");
  return judgeSamples(
    result.map((sample: unknown) => (isRecord(sample) ? sample : {})),
    bounds,
  );
}

// What nobody knows is worse than what is known to be good, and what is known to be bad is worse than both.
function judgeSamples(samples: readonly Sample[], { min, max }: PrometheusQuery): Measurement {
  let worst: Measurement = { state: "within", reason: "" };
  for (const sample of samples) {
    const text = Array.isArray(sample.value) ? (sample.value as readonly unknown[])[1] : undefined;
    const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) {
      if (worst.state === "within") worst = unknown(`gives ${textOf(text)}${labelsOf(sample)}`);
      continue;
    }
    const isLow = min !== undefined && value < min;
    if (!isLow && (max === undefined || value <= max)) continue;
    const bound = isLow ? `less than ${min}` : `more than ${String(max)}`;
    return { state: "outside", reason: `gives ${value}${labelsOf(sample)}, ${bound}` };
  }
  return worst;
}

interface Answer {
  readonly status: "success" | "error";
  readonly error: unknown;
  readonly data: { readonly resultType: unknown; readonly result: unknown };
}

/** A histogram has no value. */
interface Sample {
  readonly metric?: unknown;
  readonly value?: unknown;
}

function unknown(reason: string): Measurement {
  return { state: "unknown", reason };
}

function textOf(text: unknown, otherwise = "no number"): string {
  return typeof text === "string" && text !== "" ? short(text) : otherwise;
}

function labelsOf({ metric }: Sample): string {
  const labels = Object.entries(isRecord(metric) ? metric : {}).map(
    ([name, value]) => `${name}="${String(value)}"`,
  );
  return labels.length === 0 ? "" : ` for {${short(labels.join(", "))}}`;
}

function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}
