import type { Draft } from "../core/draft.ts";
import type { Container, Probe } from "../kubernetes/types.ts";
import type { Check, Health, Port } from "./props.ts";

/** The probes of a container: readiness, and liveness with the start that precedes it only if it is declared. */
export function probesOf(
  draft: Draft,
  fieldPath: string,
  health: Health,
  ports: Ports,
): Pick<Container, "readinessProbe" | "livenessProbe" | "startupProbe"> {
  const readinessProbe = { ...handlerOf(health.ready, ports), ...readinessPace };
  if (health.live === undefined) return { readinessProbe };
  const why = "a program gets a minute to start before liveness can restart it";
  const startup = draft.fill(`${fieldPath}.startupSeconds`, health.startupSeconds, 60, why);
  const live = handlerOf(health.live, ports);
  return {
    readinessProbe,
    // Slower to act than readiness, so that a busy pod is first relieved and only then restarted.
    livenessProbe: { ...live, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    startupProbe: { ...live, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: Math.ceil(startup / 2) },
  };
}

/** The probes of a program that others call: without `health`, its main port at least accepts connections. */
export function servedProbes(
  draft: Draft,
  podPath: string,
  health: Health | undefined,
  ports: Ports,
): ReturnType<typeof probesOf> {
  if (health !== undefined) return probesOf(draft, "health", health, ports);
  draft.find("health-undeclared", "health", {
    message: "an accepted connection is all that shows that a pod can serve",
    fix: 'Declare a path that answers when the program can serve, health: { ready: "/readyz" } for example',
  });
  const path = `${podPath}.containers.0.readinessProbe`;
  const why = "without health, a pod gets requests once its port accepts connections";
  return {
    readinessProbe: { ...draft.fill(path, undefined, handlerOf("tcp", ports), why), ...readinessPace },
  };
}

const readinessPace = { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 };

/** The ports of a container by name; the first one is meant where a check names none. */
export type Ports = Readonly<Record<string, number>>;

function handlerOf(check: Check, ports: Ports): Probe {
  const main = Object.keys(ports)[0] ?? "";
  if (check === "tcp") return { tcpSocket: { port: main } };
  if (check === "grpc") return { grpc: { port: numberOf(main, ports) } };
  if (typeof check === "string") return { httpGet: { path: check, port: main } };
  return longHandlerOf(check, main, ports);
}

function longHandlerOf(check: Exclude<Check, string>, main: string, ports: Ports): Probe {
  if (check.exec) return { exec: { command: check.exec } };
  if (check.tcp !== undefined) return { tcpSocket: { port: check.tcp } };
  const port = check.port ?? main;
  if (check.https !== undefined) return { httpGet: { path: check.https, port, scheme: "HTTPS" } };
  if (check.http !== undefined) return { httpGet: { path: check.http, port } };
  return { grpc: { port: numberOf(port, ports), ...(check.grpc && { service: check.grpc }) } };
}

// gRPC probes know no port names.
function numberOf(port: Port, ports: Ports): number {
  return typeof port === "number" ? port : Number(ports[port]);
}
