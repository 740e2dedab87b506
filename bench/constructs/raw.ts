import { ApiObject, type Chart } from "cdk8s";

/** The objects of a web service, written by hand. */
export function rawService(image: string): (chart: Chart, name: string) => void {
  return (chart, name) => {
    const labels = { "app.kubernetes.io/name": name };
    const metadata = { name, labels };
    const container = {
      name: "app",
      image,
      ports: [{ name: "http", containerPort: 8080 }],
      securityContext,
      resources,
    };
    const template = { metadata: { labels }, spec: { serviceAccountName: name, containers: [container] } };
    const selector = { matchLabels: labels };
    const objects = {
      account: { apiVersion: "v1", kind: "ServiceAccount", metadata },
      service: {
        apiVersion: "v1",
        kind: "Service",
        metadata,
        spec: { selector: labels, ports: [{ port: 80, targetPort: "http" }] },
      },
      policy: {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata,
        spec: { podSelector: selector },
      },
      budget: {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata,
        spec: { maxUnavailable: 1, selector },
      },
      deployment: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: { replicas: 2, selector, template },
      },
    };
    for (const [id, object] of Object.entries(objects)) new ApiObject(chart, `${name}-${id}`, object);
  };
}

const resources = { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "128Mi" } };
const securityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
