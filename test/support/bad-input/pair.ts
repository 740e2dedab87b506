import { App, Chart } from "cdk8s";
import { type FindingCode, type Profile, RawObject, useProfile } from "../../../constructs/index.ts";
import type { Manifest } from "../../../constructs/core/manifest.ts";

/** Two or more objects that do not fit together, each fine by itself. */
export interface BadPair {
  /** Makes the objects. `fits` is true for the good twin, which must have no finding. */
  readonly build: (make: Maker, fits: boolean) => void;
  readonly code: FindingCode;
  /** The construct and the field that the finding names. */
  readonly at: readonly [constructPath: string, fieldPath: string];
  readonly profile?: Profile;
}

/** By what is wrong between them. */
export type BadPairs = Readonly<Record<string, BadPair>>;

/** Makes objects in an app with a chart per namespace; `shop` is the one of objects that name none. */
export class Maker {
  readonly app = new App();

  constructor(profile: Profile = { kubernetes: "1.35" }) {
    useProfile(this.app, profile);
  }

  chart(namespace = "shop"): Chart {
    const known = this.app.node.tryFindChild(namespace);
    return (known as Chart | undefined) ?? new Chart(this.app, namespace, { namespace });
  }

  /** Any object; its id is its kind in lower case and its name. `rest` may have `labels` and a `namespace`. */
  raw(apiVersion: string, kind: string, name: string, rest: object): void {
    const { labels, namespace, ...fields } = rest as RawRest;
    const manifest = { apiVersion, kind, metadata: { name, ...(labels && { labels }) }, ...fields };
    new RawObject<Manifest>(this.chart(namespace), `${kind.toLowerCase()}-${name}`, manifest);
  }

  /** A Deployment with one container, whose pods have the label `app` with its name. */
  deployment(name: string, options: DeploymentOptions = {}): void {
    const { app = name, container, pod, replicas = 2, namespace } = options;
    const ports = [{ name: "http", containerPort: 8080 }];
    const spec = {
      ...(replicas !== null && { replicas }),
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        spec: { containers: [{ name: "app", image: "app:1", ports, ...container }], ...pod },
      },
    };
    this.raw("apps/v1", "Deployment", name, { spec, namespace });
  }

  /** A Service on port 80 that leads to the pods of a Deployment. */
  service(name: string, options: ServiceOptions = {}): void {
    const { app = name, port = { port: 80, name: "http", targetPort: "http" }, labels, namespace } = options;
    const rest = { spec: { selector: { app }, ports: [port] }, ...(labels && { labels }), namespace };
    this.raw("v1", "Service", name, rest);
  }

  /** A NetworkPolicy for the pods with the label `app`; a direction that is not named is not restricted. */
  policy(
    app: string,
    rules: { readonly ingress?: readonly object[]; readonly egress?: readonly object[] },
    namespace?: string,
  ): void {
    const policyTypes = [...(rules.ingress ? ["Ingress"] : []), ...(rules.egress ? ["Egress"] : [])];
    const spec = { podSelector: { matchLabels: { app } }, policyTypes, ...rules };
    this.raw("networking.k8s.io/v1", "NetworkPolicy", app, { spec, namespace });
  }

  /** An HTTPRoute for hosts that leads to a Service. */
  route(name: string, options: RouteOptions = {}): void {
    const {
      kind = "HTTPRoute",
      host = "shop.example.com",
      backend = { name: "web", port: 80 },
      rule,
      parent,
    } = options;
    const parentRefs = [{ name: "edge", namespace: "infra", ...parent }];
    const spec = { parentRefs, hostnames: [host], rules: [{ backendRefs: [backend], ...rule }] };
    this.raw("gateway.networking.k8s.io/v1", kind, name, { spec });
  }
}

interface RawRest {
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string | undefined;
}

interface DeploymentOptions {
  readonly app?: string;
  readonly container?: object;
  readonly pod?: object;
  readonly replicas?: number | null;
  readonly namespace?: string;
}

interface ServiceOptions {
  readonly app?: string;
  readonly port?: object;
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

interface RouteOptions {
  readonly kind?: "HTTPRoute" | "GRPCRoute";
  readonly host?: string;
  readonly backend?: object;
  readonly rule?: object;
  readonly parent?: object;
}
