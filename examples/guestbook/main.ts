// The guestbook: a frontend that keeps its entries in a store with a volume. `node main.ts` writes manifests to dist/,
// and `kubectl apply --server-side -f dist/` deploys them. The cluster needs a default StorageClass.
import { App, Chart } from "cdk8s";
import { RawObject, StatefulService, WebService } from "keelson/constructs";

const app = new App();
const chart = new Chart(app, "guestbook", { namespace: "guestbook" });
new RawObject(chart, "namespace", {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "guestbook", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
});

const base = {
  image: "keelson.dev/example:1",
  health: { ready: "/readyz", live: "/healthz" },
  size: { cpu: "25m", memory: "32Mi" },
} as const;

const store = new StatefulService(chart, "store", {
  ...base,
  port: 6379,
  env: { PORT: "6379", DATA: "/data" },
  volumes: { data: { path: "/data", size: "1Gi" } },
});

new WebService(chart, "frontend", {
  ...base,
  port: 8080,
  uses: { store: { service: store, scheme: "http" } },
  expose: { nodePort: 30182 },
});

app.synth();
