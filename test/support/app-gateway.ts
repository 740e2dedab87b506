import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiObject, App, Chart } from "cdk8s";
import { parseAllDocuments } from "yaml";
import { RawObject, WebService } from "../../constructs/index.ts";
import type { KubeObject } from "../../kube/object.ts";
import { gatewayApi } from "../../scripts/kubernetes/custom.ts";
import { goModule } from "../../scripts/kubernetes/spec.ts";
import { extraImageRecipe } from "../../toolchain/image-recipes.ts";

/** The gateway of a cluster for applications, as a profile says it. */
export const gateway = { name: "edge", namespace: "gateway" } as const;

/** The port of the nodes at which its proxies answer. */
export const gatewayPort = 30_175;

/** A Gateway that takes routes of every namespace, and traefik behind it. */
export function gatewayObjects(): readonly KubeObject[] {
  const app = new App();
  const chart = new Chart(app, "gateway", { namespace: gateway.namespace });
  const listener = 8000;
  new RawObject(chart, "namespace", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: gateway.namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  const traefik = new WebService(chart, "traefik", {
    image: extraImageRecipe("traefik").name as `${string}:${string}`,
    args: [
      `--entrypoints.web.address=:${listener}`,
      "--entrypoints.health.address=:8082",
      "--ping=true",
      "--ping.entrypoint=health",
      "--providers.kubernetesgateway=true",
      "--providers.kubernetesgateway.statusaddress.hostname=edge.example.com",
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      "--log.level=INFO",
    ],
    port: listener,
    health: { ready: { http: "/ping", port: 8082 } },
    expose: { nodePort: gatewayPort },
    patch: {
      container: { securityContext: { runAsUser: 65_532 } },
      // It asks the API server for routes.
      pod: { automountServiceAccountToken: true },
    },
  });
  allow(chart, traefik.name);
  // It is in no namespace, so it is in another chart.
  new ApiObject(new Chart(app, "classes"), "traefik", {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: "traefik" },
    spec: { controllerName: "traefik.io/gateway-controller" },
  });
  new ApiObject(chart, "edge", {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: gateway.name },
    spec: {
      gatewayClassName: "traefik",
      listeners: [
        { name: "web", protocol: "HTTP", port: listener, allowedRoutes: { namespaces: { from: "All" } } },
      ],
    },
  });
  const objects = app.charts.flatMap((each) => each.toJson() as readonly KubeObject[]);
  return [...definitions(), ...objects];
}

/** The definitions of the Gateway API, as they are published. */
function definitions(): readonly KubeObject[] {
  const module = goModule(gatewayApi.module, gatewayApi.release, true);
  const folder = join(module ?? "", "config/crd/standard");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), "utf8")))
    .map((document) => document.toJS() as KubeObject)
    .filter(({ kind }) => kind === "CustomResourceDefinition");
}

function allow(chart: Chart, account: string): void {
  const name = "traefik";
  const read = ["get", "list", "watch"];
  const kinds = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants"];
  const group = "gateway.networking.k8s.io";
  new RawObject(chart, "role", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name },
    rules: [
      { apiGroups: [""], resources: ["namespaces", "services", "secrets", "configmaps"], verbs: read },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
      { apiGroups: [group], resources: [...kinds, "backendtlspolicies"], verbs: read },
      { apiGroups: [group], resources: kinds.map((kind) => `${kind}/status`), verbs: ["update"] },
    ],
  });
  new RawObject(chart, "binding", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: gateway.namespace }],
  });
}
