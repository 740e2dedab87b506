// A plain cdk8s project: CommonJS, no Pulumi, no clusters. `node main.cjs` writes the manifests to dist/.
const { App, Chart } = require("cdk8s");
const { WebService } = require("keelson/constructs");

const app = new App();
const chart = new Chart(app, "shop", { namespace: "shop" });

const web = new WebService(chart, "web", {
  image: "ghcr.io/acme/web:1.4.2",
  port: 8080,
  health: { ready: "/readyz" },
  access: { from: ["anywhere"] },
});

new WebService(chart, "api", {
  image: "ghcr.io/acme/api:2.0.0",
  port: 9000,
  size: "medium",
  health: { ready: "/readyz", live: "/healthz" },
  access: { from: [web] },
});

app.synth();
