import { App, Chart, Cron } from "cdk8s";
import * as kplus from "cdk8s-plus-34";

const app = new App();
const chart = new Chart(app, "shop", { namespace: "shop" });

const settings = new kplus.ConfigMap(chart, "settings", { data: { "shop.yaml": "currency: EUR" } });

const api = new kplus.Deployment(chart, "api", {
  containers: [
    {
      image: "ghcr.io/acme/api:2.0.0",
      portNumber: 9000,
      readiness: kplus.Probe.fromHttpGet("/readyz", { port: 9000 }),
    },
  ],
});
api.containers[0].mount("/etc/shop", kplus.Volume.fromConfigMap(chart, "files", settings));
const apiService = api.exposeViaService({ ports: [{ port: 80, targetPort: 9000 }] });
const envVariables = { API_URL: kplus.EnvValue.fromValue(`http://${apiService.name}`) };

const web = new kplus.Deployment(chart, "web", {
  containers: [
    {
      image: "ghcr.io/acme/web:1.4.2",
      portNumber: 8080,
      readiness: kplus.Probe.fromHttpGet("/readyz", { port: 8080 }),
      envVariables,
    },
  ],
});
web.exposeViaService({
  serviceType: kplus.ServiceType.NODE_PORT,
  ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
});

const report = new kplus.CronJob(chart, "report", {
  schedule: Cron.schedule({ minute: "15", hour: "3" }),
  containers: [{ image: "ghcr.io/acme/report:1.4.2", envVariables }],
});

api.connections.allowFrom(web);
api.connections.allowFrom(report);

app.synth();
