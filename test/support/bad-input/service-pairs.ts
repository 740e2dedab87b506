import type { BadPairs } from "./pair.ts";

/** What does not fit between pods, their controllers and the Services that lead to them. */
export const servicePairs: BadPairs = {
  "a Service whose labels no pods have": {
    build: (make, fits) => {
      make.deployment("web");
      make.service("web", { app: fits ? "web" : "wep" });
    },
    code: "selects-nothing",
    at: ["shop/service-web/object", "spec.selector"],
  },
  "a Service for a port that no container names": {
    build: (make, fits) => {
      make.deployment("web");
      make.service("web", { port: { port: 80, name: "http", targetPort: fits ? "http" : "htpp" } });
    },
    code: "port-missing",
    at: ["shop/service-web/object", "spec.ports.0.targetPort"],
  },
  "a Service for a number that no container declares": {
    build: (make, fits) => {
      make.deployment("web");
      make.service("web", { port: { port: 80, name: "http", ...(fits && { targetPort: 8080 }) } });
    },
    code: "port-undeclared",
    at: ["shop/service-web/object", "spec.ports.0.port"],
  },
  "two Services for the same port of the same pods": {
    build: (make, fits) => {
      make.deployment("web", {
        container: {
          ports: [
            { name: "http", containerPort: 8080 },
            { name: "admin", containerPort: 9000 },
          ],
        },
      });
      make.service("web");
      make.service("again", { app: "web", ...(fits && { port: { port: 9000, targetPort: "admin" } }) });
    },
    code: "service-twice",
    at: ["shop/service-again/object", "spec.selector"],
  },
  "two Deployments that select each other's pods": {
    build: (make, fits) => {
      make.deployment("next", { app: fits ? "next" : "web" });
      const template = {
        metadata: { labels: { app: "web", track: "stable" } },
        spec: { containers: [{ name: "app", image: "app:1" }] },
      };
      const matchLabels = { app: "web", track: "stable" };
      make.raw("apps/v1", "Deployment", "web", { spec: { selector: { matchLabels }, template } });
    },
    code: "selector-shared",
    at: ["shop/deployment-next/object", "spec.selector"],
  },
};
