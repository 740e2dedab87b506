import { StoredSecret, WebService, Worker } from "../../../constructs/index.ts";
import { soundProps } from "../constructs.ts";
import type { BadPairs, Maker } from "./pair.ts";

const toDns = {
  to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }],
  ports: [{ port: 53, protocol: "UDP" }],
};
const pods = (app: string): object => ({ podSelector: { matchLabels: { app } } });
const image = "ghcr.io/acme/app:1.4.2";

/** What does not fit between NetworkPolicies and pods, and between pods and what they name. */
export const networkPairs: BadPairs = {
  "a network policy whose labels no pods have": {
    build: (make, fits) => {
      make.deployment("web");
      make.policy(fits ? "web" : "wep", { ingress: [{}] });
    },
    code: "selects-nothing",
    at: ["shop/networkpolicy-wep/object", "spec.podSelector"],
  },
  "a network policy that lets pods ask for no names": {
    build: (make, fits) => {
      make.deployment("web");
      make.policy("web", { egress: [{ ports: [{ port: 443, protocol: "TCP" }] }, ...(fits ? [toDns] : [])] });
    },
    code: "dns-cut",
    at: ["shop/networkpolicy-web/object", "spec.egress"],
  },
  "a network policy that lets pods ask for names in their own namespace alone": {
    build: (make, fits) => {
      make.deployment("web");
      make.policy("web", { egress: [fits ? {} : { to: [{ podSelector: {} }] }] });
    },
    code: "dns-cut",
    at: ["shop/networkpolicy-web/object", "spec.egress"],
  },
  "a caller that is let in and may not go out": {
    build: (make, fits) => {
      make.deployment("web");
      make.deployment("api");
      make.policy("api", { ingress: [{ from: [pods("web")], ports: [{ port: 8080 }] }] });
      make.policy("web", { egress: [toDns, ...(fits ? [{ to: [pods("api")] }] : [])] });
    },
    code: "half-open",
    at: ["shop/networkpolicy-api/object", "spec.ingress.0.from.0"],
  },
  "a caller that may go out by another port": {
    build: (make, fits) => {
      make.deployment("web");
      make.deployment("api");
      make.policy("api", { ingress: [{ from: [pods("web")], ports: [{ port: "http" }] }] });
      make.policy("web", { egress: [toDns, { to: [pods("api")], ports: [{ port: fits ? 8080 : 80 }] }] });
    },
    // Each of the two ends names a port that the other one does not open.
    code: "half-open",
    at: ["shop/networkpolicy-api/object", "spec.ingress.0.from.0"],
  },
  "a program that may be called and lets nobody in": {
    build: (make, fits) => {
      make.deployment("web");
      make.deployment("api");
      make.policy("web", { egress: [toDns, { to: [pods("api")] }] });
      make.policy("api", { ingress: fits ? [{ from: [pods("web")] }] : [] });
    },
    code: "half-open",
    at: ["shop/networkpolicy-web/object", "spec.egress.1.to.0"],
  },
  "a caller of a namespace that denies": {
    build: (make, fits) => {
      new WebService(make.chart(), "web", {
        ...soundProps,
        access: { from: [{ namespace: "ops", app: "probe" }] },
      });
      new Worker(make.chart("ops"), "probe", { image, access: { to: fits ? ["cluster"] : [] } });
    },
    code: "half-open",
    at: ["shop/web/networkPolicy", "spec.ingress.0.from.0"],
  },
  "a ServiceAccount that there is not": {
    build: (make, fits) => {
      make.deployment("web", { pod: { serviceAccountName: "web" } });
      make.raw("v1", "ServiceAccount", fits ? "web" : "wep", {});
    },
    code: "target-missing",
    at: ["shop/deployment-web/object", "spec.template.spec.serviceAccountName"],
  },
  "a Role that there is not": {
    build: (make, fits) => {
      make.raw("rbac.authorization.k8s.io/v1", "Role", "reader", { rules: [] });
      const roleRef = {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Role",
        name: fits ? "reader" : "raeder",
      };
      make.raw("rbac.authorization.k8s.io/v1", "RoleBinding", "reader", { roleRef });
    },
    code: "target-missing",
    at: ["shop/rolebinding-reader/object", "roleRef.name"],
  },
  "a Role for a ServiceAccount that there is not": {
    build: (make, fits) => {
      make.raw("v1", "ServiceAccount", "web", {});
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" };
      const subjects = [{ kind: "ServiceAccount", name: fits ? "web" : "wep", namespace: "shop" }];
      make.raw("rbac.authorization.k8s.io/v1", "RoleBinding", "reader", { roleRef, subjects });
    },
    code: "target-missing",
    at: ["shop/rolebinding-reader/object", "subjects.0.name"],
  },
  "a key that a ConfigMap does not have": {
    build: (make, fits) => {
      make.raw("v1", "ConfigMap", "settings", { data: { MODE: "strict" } });
      const valueFrom = { configMapKeyRef: { name: "settings", key: fits ? "MODE" : "MOED" } };
      make.deployment("web", { container: { env: [{ name: "MODE", valueFrom }] } });
    },
    code: "config-unreadable",
    at: ["shop/deployment-web/object", "spec.template.spec.containers.0.env.0.valueFrom.configMapKeyRef.key"],
  },
  "a key that an ExternalSecret does not bring": {
    build: (make, fits) => {
      externalSecret(make, "db");
      const valueFrom = { secretKeyRef: { name: "db", key: fits ? "user" : "username" } };
      make.deployment("web", { container: { env: [{ name: "DB_USER", valueFrom }] } });
    },
    code: "config-unreadable",
    at: ["shop/deployment-web/object", "spec.template.spec.containers.0.env.0.valueFrom.secretKeyRef.key"],
  },
  "a Secret that the app and an ExternalSecret write": {
    build: (make, fits) => {
      make.raw("v1", "Secret", fits ? "db-own" : "db", { stringData: { user: "app" } });
      externalSecret(make, "db");
    },
    code: "managed-twice",
    at: ["shop/externalsecret-db/object", "spec.target.name"],
  },
  "a stored secret that is read as variables, where a driver gives files": {
    build: (make, fits) => {
      const secret = new StoredSecret(make.chart(), "db", { keys: { password: "shop/db" } });
      const props = fits
        ? { files: { "/etc/db": secret } }
        : { env: { DB_PASSWORD: secret.value("password") } };
      new Worker(make.chart(), "worker", { image, ...props });
    },
    profile: { kubernetes: "1.35", secrets: { by: "csi", provider: "vault" } },
    code: "config-unreadable",
    at: ["shop/worker", "env.DB_PASSWORD"],
  },
  "a key that a Secret does not have": {
    build: (make, fits) => {
      make.raw("v1", "Secret", "db", { stringData: { user: "app" } });
      const valueFrom = { secretKeyRef: { name: "db", key: fits ? "user" : "username" } };
      make.deployment("web", { container: { env: [{ name: "DB_USER", valueFrom }] } });
    },
    code: "config-unreadable",
    at: ["shop/deployment-web/object", "spec.template.spec.containers.0.env.0.valueFrom.secretKeyRef.key"],
  },
};

function externalSecret(make: Maker, name: string): void {
  const data = [{ secretKey: "user", remoteRef: { key: "shop/db" } }];
  const spec = { secretStoreRef: { name: "vault", kind: "ClusterSecretStore" }, data };
  make.raw("external-secrets.io/v1", "ExternalSecret", name, { spec });
}
