// A shop of ten services, a store for carts, a program that buys things and a nightly report. `node main.ts` writes
// manifests to dist/, and `kubectl apply --server-side -f dist/` deploys them. The cluster needs a default StorageClass.
import { App, Chart } from "cdk8s";
import { RawObject, ScheduledJob, StatefulService, type Uses, WebService, Worker } from "keelson/constructs";

const app = new App();
const chart = new Chart(app, "shop", { namespace: "shop" });
new RawObject(chart, "namespace", {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "shop", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
});

const program = { image: "keelson.dev/example:1", size: { cpu: "20m", memory: "32Mi" } } as const;
const served = { ...program, port: 8080, health: { ready: "/readyz", live: "/healthz" } } as const;

const service = (name: string, uses: Uses = {}): WebService =>
  new WebService(chart, name, { ...served, uses, env: { NAME: name } });

const carts = new StatefulService(chart, "carts", {
  ...served,
  env: { NAME: "carts", DATA: "/data" },
  volumes: { data: { path: "/data", size: "1Gi" } },
});

const ads = service("ads");
const catalog = service("catalog");
const currency = service("currency");
const email = service("email");
const payment = service("payment");
const shipping = service("shipping");
const cart = service("cart", { carts: { service: carts, scheme: "http" } });
const recommendations = service("recommendations", { catalog });
const checkout = service("checkout", { cart, catalog, currency, email, payment, shipping });

const frontend = new WebService(chart, "frontend", {
  ...served,
  env: { NAME: "frontend" },
  uses: { ads, cart, catalog, checkout, currency, recommendations, shipping },
  expose: { nodePort: 30183 },
});

new Worker(chart, "customers", {
  ...program,
  replicas: 2,
  env: { RUN: "loop", NAME: "customers" },
  uses: { cart },
});

new ScheduledJob(chart, "report", {
  ...program,
  schedule: "15 3 * * *",
  env: { RUN: "once", NAME: "report" },
  uses: { frontend },
});

app.synth();
