import * as k8s from "@pulumi/kubernetes";

const namespace = "shop";

const settings = new k8s.core.v1.ConfigMap("settings", {
  metadata: { namespace, name: "settings" },
  data: { "shop.yaml": "currency: EUR" },
});

const api = { app: "api" };
new k8s.apps.v1.Deployment("api", {
  metadata: { namespace, name: "api", labels: api },
  spec: {
    replicas: 2,
    selector: { matchLabels: api },
    template: {
      metadata: { labels: api },
      spec: {
        containers: [
          {
            name: "app",
            image: "ghcr.io/acme/api:2.0.0",
            ports: [{ containerPort: 9000 }],
            readinessProbe: { httpGet: { path: "/readyz", port: 9000 } },
            volumeMounts: [{ name: "settings", mountPath: "/etc/shop" }],
          },
        ],
        volumes: [{ name: "settings", configMap: { name: settings.metadata.name } }],
      },
    },
  },
});
const apiService = new k8s.core.v1.Service("api", {
  metadata: { namespace, name: "api" },
  spec: { selector: api, ports: [{ port: 80, targetPort: 9000 }] },
});
const env = [{ name: "API_URL", value: apiService.metadata.name.apply((name) => `http://${name}`) }];

const web = { app: "web" };
new k8s.apps.v1.Deployment("web", {
  metadata: { namespace, name: "web", labels: web },
  spec: {
    replicas: 2,
    selector: { matchLabels: web },
    template: {
      metadata: { labels: web },
      spec: {
        containers: [
          {
            name: "app",
            image: "ghcr.io/acme/web:1.4.2",
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: "/readyz", port: 8080 } },
            env,
          },
        ],
      },
    },
  },
});
new k8s.core.v1.Service("web", {
  metadata: { namespace, name: "web" },
  spec: { type: "NodePort", selector: web, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] },
});

const report = { app: "report" };
new k8s.batch.v1.CronJob("report", {
  metadata: { namespace, name: "report" },
  spec: {
    schedule: "15 3 * * *",
    jobTemplate: {
      spec: {
        template: {
          metadata: { labels: report },
          spec: {
            restartPolicy: "Never",
            containers: [{ name: "app", image: "ghcr.io/acme/report:1.4.2", env }],
          },
        },
      },
    },
  },
});

new k8s.networking.v1.NetworkPolicy("api", {
  metadata: { namespace, name: "api" },
  spec: {
    podSelector: { matchLabels: api },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: web } }, { podSelector: { matchLabels: report } }],
        ports: [{ port: 9000 }],
      },
    ],
  },
});
