import { KeelsonError } from "../errors.ts";

/** One of the reasons that an API server gives for a refusal. */
export interface Cause {
  /** Machine-readable, `FieldManagerConflict` for example. Empty if it has none. */
  readonly reason: string;
  readonly message: string;
  /** The path of the field that it is about, as the server writes it. Empty if it is about none. */
  readonly field: string;
}

/** The API server answered a request with an error. Decide on `status` and `reason`, never on the message. */
export class KubeError extends KeelsonError {
  /** HTTP status code. */
  readonly status: number;
  /** The machine-readable reason, `NotFound` or `Conflict` for example. Empty if the answer had none. */
  readonly reason: string;
  /** What the server said; if it was no Status, as from an app behind it, the beginning of the answer. */
  readonly said: string;
  /** What the server listed: for an eviction, the budgets that refuse it; for an apply, the fields of others. */
  readonly causes: readonly Cause[];

  constructor(action: string, status: number, body: string) {
    const answer = parseStatus(body);
    const said = answer.message === "" ? `HTTP status ${String(status)}` : answer.message;
    super("KEELSON_API_REFUSED", `Cannot ${action}: ${said}`);
    this.name = "KubeError";
    this.status = status;
    this.said = answer.message;
    this.reason = answer.reason;
    this.causes = answer.causes;
  }
}

/** True for an answer of the API server with this HTTP status. */
export function hasStatus(error: unknown, status: number): error is KubeError {
  return error instanceof KubeError && error.status === status;
}

interface StatusAnswer {
  readonly message: string;
  readonly reason: string;
  readonly causes: readonly Cause[];
}

function parseStatus(body: string): StatusAnswer {
  try {
    const parsed = JSON.parse(body) as {
      kind?: string;
      message?: string;
      reason?: string;
      details?: { causes?: Partial<Cause>[] };
    };
    return {
      message: parsed.message ?? (parsed.kind === "Status" ? "" : beginningOf(body)),
      reason: parsed.reason ?? "",
      causes: (parsed.details?.causes ?? []).map((cause) => ({
        reason: "",
        message: "",
        field: "",
        ...cause,
      })),
    };
  } catch {
    // A proxy in between answers with text of its own.
    return { message: beginningOf(body), reason: "", causes: [] };
  }
}

function beginningOf(body: string): string {
  return body.trim().slice(0, 200);
}
