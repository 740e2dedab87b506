import { checkInteger, checkKeys, checkRecord, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import type { Identity } from "../core/identity.ts";
import type { PodMonitor } from "../kubernetes/types-custom.ts";
import type { Ports } from "../pod/probes.ts";
import type { PodProps } from "../pod/props.ts";
import type { Profile } from "../../clusters/profile.ts";

/** Where the program tells its metrics, in the text format of Prometheus. */
export interface Metrics {
  /**
   * The name of a port of the pods, or the number of one that serves nothing else: it is named `metrics` then.
   * @default - the main port
   */
  readonly port?: number | string;
  /** @default "/metrics" */
  readonly path?: `/${string}`;
  /** How often they are read, in seconds. @default - as often as the monitoring does */
  readonly intervalSeconds?: number;
}

/** A port of the pods that metrics are read from. */
export interface ScrapedPort {
  readonly name: string;
  readonly number: number;
  readonly path: string;
  readonly intervalSeconds: number | undefined;
}

/** The port that metrics are read from; undefined if there are none, or no such port. `ports` are the program's own. */
export function scrapedPort(
  draft: Draft,
  props: PodProps & { readonly metrics?: Metrics },
  ports: Ports,
): ScrapedPort | undefined {
  if (props.metrics === undefined) return undefined;
  const all = portsOfPod(props, ports);
  const { port = Object.keys(ports)[0], path, intervalSeconds } = props.metrics;
  const why = "where programs tell their metrics";
  const place = { path: draft.fill("metrics.path", path, "/metrics", why), intervalSeconds };
  if (typeof port === "number") {
    const known = Object.entries(all).find(([, number]) => number === port);
    return { name: known?.[0] ?? "metrics", number: port, ...place };
  }
  const number = port === undefined ? undefined : all[port];
  return port === undefined || number === undefined ? undefined : { name: port, number, ...place };
}

/** Checks where metrics are told, and whether the cluster reads them. */
export function checkMetrics(
  draft: Draft,
  props: PodProps & { readonly metrics?: Metrics },
  ports: Ports,
  profile: Profile,
): void {
  const { metrics } = props;
  if (metrics === undefined || !checkRecord(draft, "metrics", metrics, "{ port: 9090 } for example")) return;
  const { port, path, intervalSeconds } = metrics;
  checkKeys(draft, "metrics", metrics, ["port", "path", "intervalSeconds"]);
  checkMetricsPort(draft, port, portsOfPod(props, ports), Object.keys(ports)[0]);
  if (path !== undefined && !/^\/\S*$/.test(path)) {
    draft.find("invalid-value", "metrics.path", {
      message: `${show(path)} is not a path`,
      fix: 'Begin it with "/"',
    });
  }
  if (intervalSeconds !== undefined)
    checkInteger(draft, "metrics.intervalSeconds", intervalSeconds, [1, 3600]);
  if (profile.monitoring !== undefined) return;
  draft.find("metrics-unscraped", "metrics", {
    message: "the cluster's profile names nothing that reads metrics",
    fix: 'Say where it runs, useProfile(app, { kubernetes: "1.35", monitoring: { namespace: "monitoring", labels: {} } })',
  });
}

/** What tells the Prometheus operator of the pods. */
export function podMonitorOf(
  { name, labels, selector }: Identity,
  { name: port, path, intervalSeconds }: ScrapedPort,
  monitoring: NonNullable<Profile["monitoring"]>,
): PodMonitor {
  const interval = intervalSeconds === undefined ? {} : { interval: `${intervalSeconds}s` };
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name, labels: { ...labels, ...monitoring.labels } },
    spec: {
      selector: { matchLabels: selector },
      podMetricsEndpoints: [{ port, path, ...interval }],
    },
  };
}

/** What tells a Prometheus of the pods that finds them by their annotations. */
export function scrapeAnnotations({ number, path }: ScrapedPort): Readonly<Record<string, string>> {
  return { "prometheus.io/scrape": "true", "prometheus.io/port": String(number), "prometheus.io/path": path };
}

function checkMetricsPort(draft: Draft, port: unknown, all: Ports, main: string | undefined): void {
  if (typeof port === "number") {
    checkInteger(draft, "metrics.port", port, [1, 65_535]);
    const taken = all["metrics"];
    if (taken === undefined || taken === port || Object.values(all).includes(port)) return;
    draft.find("invalid-value", "metrics.port", {
      message: `the pods have another port named "metrics", ${taken}`,
      fix: 'Use port: "metrics", or name the other port differently',
    });
    return;
  }
  if (port === undefined ? main !== undefined : Object.keys(all).includes(port as string)) return;
  const names = Object.keys(all);
  draft.find("port-missing", "metrics.port", {
    message: port === undefined ? "the program has no port" : `the pods have no port ${show(port)}`,
    fix: names.length === 0 ? "Give the number of the port" : `Use a number, or one of ${names.join(", ")}`,
  });
}

/** All ports of the pods by name; those of init containers are gone once the program runs. */
function portsOfPod({ sidecars, containers }: PodProps, ports: Ports): Ports {
  const sides = [sidecars, containers].flatMap((group) => Object.values(group ?? {}));
  return Object.assign({}, ports, ...sides.map((side) => side.ports ?? {})) as Ports;
}
