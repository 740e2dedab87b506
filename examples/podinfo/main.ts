// podinfo: a page that shows where it runs, and a backend behind it. `node main.ts` writes manifests to dist/, and
// `kubectl apply --server-side -f dist/` deploys them.
import { App, Chart } from "cdk8s";
import { Config, RawObject, WebService } from "keelson/constructs";

const app = new App();
const chart = new Chart(app, "podinfo", { namespace: "podinfo" });
new RawObject(chart, "namespace", {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "podinfo", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
});

const base = {
  image: "keelson.dev/example:1",
  port: 9898,
  health: { ready: "/readyz", live: "/healthz" },
  size: { cpu: "25m", memory: "32Mi" },
} as const;

const settings = new Config(chart, "settings", { data: { MESSAGE: "greetings from podinfo" } });

const backend = new WebService(chart, "backend", {
  ...base,
  env: { PORT: "9898", MESSAGE: settings.value("MESSAGE") },
});

new WebService(chart, "frontend", {
  ...base,
  env: { PORT: "9898", NAME: "frontend" },
  autoscale: { min: 2, max: 4, cpu: 80 },
  uses: { backend },
  expose: { nodePort: 30181 },
});

app.synth();
