import { App, Chart } from "cdk8s";
import { Config, ScheduledJob, WebService } from "keelson/constructs";

const app = new App();
const chart = new Chart(app, "shop", { namespace: "shop" });

const settings = new Config(chart, "settings", { data: { "shop.yaml": "currency: EUR" } });

const api = new WebService(chart, "api", {
  image: "ghcr.io/acme/api:2.0.0",
  port: 9000,
  health: { ready: "/readyz" },
  files: { "/etc/shop": settings },
});

new WebService(chart, "web", {
  image: "ghcr.io/acme/web:1.4.2",
  port: 8080,
  health: { ready: "/readyz" },
  uses: { api },
  expose: { nodePort: 30080 },
});

new ScheduledJob(chart, "report", {
  image: "ghcr.io/acme/report:1.4.2",
  schedule: "15 3 * * *",
  uses: { api },
});

app.synth();
