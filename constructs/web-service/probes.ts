import type { Draft } from "../core/draft.ts";
import type { Container, Probe } from "../kubernetes/types.ts";
import type { Check, Health } from "./props.ts";

/** The probes of a web service: readiness always, liveness and the start that precedes it only if declared. */
export function probesOf(
  draft: Draft,
  health: Health | undefined,
  port: number,
): Pick<Container, "readinessProbe" | "livenessProbe" | "startupProbe"> {
  if (health === undefined) {
    draft.find("health-undeclared", "health", {
      message: "an accepted connection is all that shows that a pod can serve",
      fix: 'Declare a path that answers when the program can serve, health: { ready: "/readyz" } for example',
    });
    const standard = handlerOf("tcp", port);
    const why = "without health, a pod gets requests once its port accepts connections";
    return { readinessProbe: { ...draft.fill(probePath, undefined, standard, why), ...pace } };
  }
  const readinessProbe = { ...handlerOf(health.ready, port), ...pace };
  if (health.live === undefined) return { readinessProbe };
  const why = "a program gets a minute to start before liveness can restart it";
  const startup = draft.fill("health.startupSeconds", health.startupSeconds, 60, why);
  const live = handlerOf(health.live, port);
  return {
    readinessProbe,
    // Slower to act than readiness, so that a busy pod is first relieved and only then restarted.
    livenessProbe: { ...live, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    startupProbe: { ...live, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: Math.ceil(startup / 2) },
  };
}

const probePath = "deployment.spec.template.spec.containers.0.readinessProbe";
const pace = { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 };

function handlerOf(check: Check, port: number): Probe {
  if (check === "tcp") return { tcpSocket: { port: "http" } };
  if (check === "grpc") return { grpc: { port } };
  return typeof check === "string"
    ? { httpGet: { path: check, port: "http" } }
    : { exec: { command: check.exec } };
}
