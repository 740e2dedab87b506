/** A path of a Service in the app's namespace. It is asked through the API server, whose hosts its network policy must let in. */
export interface HttpProbe {
  readonly service: string;
  /** Number or name. */
  readonly port: number | string;
  /** `/healthz` for example. */
  readonly path: string;
}

/** A query of Prometheus whose result must lie within bounds, asked in the cluster or at an address. */
export type PrometheusProbe = PrometheusQuery & (PrometheusService | PrometheusAddress);

/** What is asked, and what the answer must be. */
export interface PrometheusQuery {
  /**
   * PromQL that gives a vector or a scalar; `{{cluster}}` and `{{namespace}}` stand for those of the app. Every sample must
   * lie within the bounds. An empty vector does not, so end with `or vector(0)` where nothing means none.
   */
  readonly query: string;
  /** The least that passes. @default - no lower bound */
  readonly min?: number;
  /** The most that passes. @default - no upper bound */
  readonly max?: number;
  /** How long an answer counts before Prometheus is asked again. @default 10 */
  readonly intervalSeconds?: number;
  /** How long an answer may take. @default 5 */
  readonly timeoutSeconds?: number;
  /**
   * How many answers out of bounds in a row are a failed release, without waiting for the deadline. Answers that say
   * nothing are not counted. @default - the deadline decides
   */
  readonly failureLimit?: number;
}

/** A Prometheus in the same cluster, asked through its API server. */
export interface PrometheusService {
  readonly service: string;
  /** @default - the app's namespace */
  readonly namespace?: string;
  /** Number or name. */
  readonly port: number | string;
  /** The prefix of its paths, `/prometheus` for example. @default "" */
  readonly path?: string;
}

/** A Prometheus, or what speaks its API, that the driver reaches by itself. */
export interface PrometheusAddress {
  /** `https://prometheus.acme.example/prometheus` for example, without `/api/v1`. */
  readonly url: string;
  /**
   * The environment variable of the driver that holds the value of the Authorization header, `Bearer …` for example. The
   * value is read when it is needed, and kept nowhere. @default - no credentials
   */
  readonly authorizationFrom?: string;
}

/** What holds for a query that says nothing else, in seconds. */
export const queryDefaults = { intervalSeconds: 10, timeoutSeconds: 5 } as const;

/** What stands for something in a query. */
const placeholders = ["cluster", "namespace"] as const;

/** What is wrong with the probes of a rollout; undefined if nothing is. Pure. */
export function probesProblem(
  http: readonly HttpProbe[],
  prometheus: readonly PrometheusProbe[],
  deadlineSeconds: number,
): string | undefined {
  const path = http.find((probe) => !probe.path.startsWith("/"))?.path;
  if (path !== undefined) return `the path "${path}" does not begin with /`;
  for (const [index, probe] of prometheus.entries()) {
    const problem = queryProblem(probe, deadlineSeconds) ?? placeProblem(probe);
    if (problem !== undefined) return `prometheus[${index}]: ${problem}`;
  }
  return undefined;
}

function queryProblem(probe: PrometheusQuery, deadlineSeconds: number): string | undefined {
  const {
    query,
    intervalSeconds = queryDefaults.intervalSeconds,
    timeoutSeconds = queryDefaults.timeoutSeconds,
    failureLimit = 1,
  } = probe;
  if (query.trim() === "") return "it has no query";
  const unknown = [...query.matchAll(/\{\{(.*?)\}\}/gu)]
    .map(([, name = ""]) => name)
    .find((name) => !placeholders.some((known) => known === name));
  if (unknown !== undefined) return `nothing stands for {{${unknown}}}, only for ${placeholders.join(", ")}`;
  if (!(intervalSeconds > 0 && intervalSeconds < deadlineSeconds))
    return `intervalSeconds is ${intervalSeconds}, and a wave ends after ${deadlineSeconds} s`;
  if (!(timeoutSeconds > 0)) return `timeoutSeconds is ${timeoutSeconds}`;
  if (!Number.isInteger(failureLimit) || failureLimit < 1) return `failureLimit is ${failureLimit}`;
  return boundsProblem(probe);
}

function boundsProblem({ min, max }: PrometheusQuery): string | undefined {
  const bounds = [min, max].filter((bound) => bound !== undefined);
  if (bounds.length === 0) return "it has neither min nor max, so every answer would pass";
  if (!bounds.every(Number.isFinite)) return "its bounds are no numbers";
  const [lower, upper] = [min ?? -Infinity, max ?? Infinity];
  return lower > upper ? `min is ${lower}, and max is ${upper}` : undefined;
}

function placeProblem(probe: PrometheusProbe): string | undefined {
  if ("url" in probe) return addressProblem(probe);
  const { path = "" } = probe;
  return path === "" || path.startsWith("/") ? undefined : `the path "${path}" does not begin with /`;
}

// Neither an address nor what stands in the place of a variable's name is shown: there may be a password in it.
function addressProblem({
  url: text,
  authorizationFrom: variable = "_",
}: PrometheusAddress): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    return "its url is no address of http or https";
  if (`${url.username}${url.password}` !== "")
    return "its url has credentials in it, name a variable with authorizationFrom instead";
  if (`${url.search}${url.hash}` !== "") return "its url has a query in it";
  return /^[A-Za-z_][A-Za-z0-9_]*$/u.test(variable)
    ? undefined
    : "authorizationFrom is no name of an environment variable";
}
