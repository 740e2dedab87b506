import { queryDefaults } from "../../clusters/waves/probes.ts";
import type { PrometheusAddress, PrometheusProbe, PrometheusService } from "../../clusters/waves/probes.ts";
import type { TargetCluster } from "../../delivery/index.ts";
import { KeelsonError } from "../../errors.ts";
import { KubeError } from "../../kube/errors.ts";
import { servicePath } from "./http-probe.ts";
import { judgeAnswer, type Measurement } from "./prometheus-answer.ts";

const path = "/api/v1/query";

/** A query of Prometheus while a cluster stands at the gate. */
export class PrometheusWatch {
  readonly #probe: PrometheusProbe;
  readonly #target: TargetCluster;
  readonly #namespace: string;
  #last: Measurement = { state: "unknown", reason: "was not asked yet" };
  #next = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(probe: PrometheusProbe, target: TargetCluster, namespace: string) {
    this.#probe = probe;
    this.#target = target;
    this.#namespace = namespace;
  }

  /** What Prometheus says now, or said within the interval. Out of bounds too often is `refused`, too. */
  async look(signal: AbortSignal): Promise<Measurement> {
    if (performance.now() < this.#next) return this.#last;
    const { intervalSeconds = queryDefaults.intervalSeconds, failureLimit = Infinity } = this.#probe;
    const answer = await this.#ask(signal);
    const measured: Measurement =
      typeof answer === "string"
        ? { state: "unknown", reason: `does not answer: ${answer}` }
        : judgeAnswer(answer.status, answer.body, this.#probe);
    if (measured.state === "outside") this.#failures += 1;
    else if (measured.state === "within") this.#failures = 0;
    const state = this.#failures >= failureLimit ? "refused" : measured.state;
    this.#last = { state, reason: measured.reason === "" ? "" : `Prometheus ${measured.reason}` };
    this.#next = performance.now() + intervalSeconds * 1000;
    return this.#last;
  }

  async #ask(signal: AbortSignal): Promise<Answer> {
    const timeoutMs = (this.#probe.timeoutSeconds ?? queryDefaults.timeoutSeconds) * 1000;
    const request = { query: { query: this.#query(), timeout: `${timeoutMs}ms` }, timeoutMs, signal };
    try {
      return "url" in this.#probe
        ? await askAddress(this.#probe, request)
        : await this.#askService(this.#probe, request);
    } catch (error) {
      if (!KeelsonError.is(error) || error.code !== "KEELSON_API_UNAVAILABLE") throw error;
      return "there was none in time";
    }
  }

  async #askService(
    { service, namespace = this.#namespace, port, path: prefix = "" }: PrometheusService,
    request: Request,
  ): Promise<Answer> {
    const way = `${servicePath(namespace, service, port)}${prefix}${path}`;
    try {
      const body: unknown = await this.#target.client.request({ path: way, ...request });
      return { status: 200, body };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      return { status: error.status, body: parseBody(error.said) };
    }
  }

  // Names stand inside of string literals, which they must not end.
  #query(): string {
    const values: Readonly<Record<string, string>> = {
      cluster: this.#target.name,
      namespace: this.#namespace,
    };
    return this.#probe.query.replaceAll(/\{\{(\w+)\}\}/gu, (_, name: string) => escape(values[name] ?? ""));
  }
}

/**
 * Makes sure that the credentials of all probes are there, before anything depends on their answers.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT
 */
export function requireCredentials(probes: readonly PrometheusProbe[]): void {
  for (const probe of probes) if ("url" in probe) authorizationFor(probe);
}

/**
 * The value of the Authorization header for a Prometheus, if it wants one. Throws if the variable
 * is not set, or holds what is no value of a header.
 */
function authorizationFor({ authorizationFrom: variable }: PrometheusAddress): string | undefined {
  if (variable === undefined) return undefined;
  const value = process.env[variable]?.trim() ?? "";
  if (/^[\x21-\x7e]+ [\x20-\x7e]+$/u.test(value)) return value;
  const state =
    value === "" ? `the variable ${variable} is not set` : `${variable} holds no scheme and credentials`;
  throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot ask Prometheus: ${state}`, {
    fix: `Set ${variable} to the value of its Authorization header, such as "Bearer " and a token`,
  });
}

/** Why there was none, if there was none. */
type Answer = string | { readonly status: number; readonly body: unknown };

interface Request {
  readonly query: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

async function askAddress(
  address: PrometheusAddress,
  { query, timeoutMs, signal }: Request,
): Promise<Answer> {
  const authorization = authorizationFor(address);
  const url = `${address.url.replace(/\/+$/u, "")}${path}?${new URLSearchParams(query).toString()}`;
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json", ...(authorization !== undefined && { authorization }) },
      // Credentials go where the program says, and nowhere else.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return { status: response.status, body: parseBody(await response.text()) };
  } catch (error) {
    return reasonOf(error);
  }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}

// The message of a failed fetch is always the same; what happened is in its cause.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "the request failed";
  if (error.name === "TimeoutError") return "there was none in time";
  const { code, message } = (error.cause ?? error) as { readonly code?: string; readonly message?: string };
  return code ?? message ?? error.name;
}

function escape(text: string): string {
  return text.replaceAll(/["'`\\\n]/gu, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
