import type { Chart } from "cdk8s";

interface Plus {
  readonly Deployment: new (
    chart: Chart,
    id: string,
    props: object,
  ) => { readonly exposeViaService: (props: object) => unknown };
  readonly ServiceAccount: new (chart: Chart, id: string, props: object) => unknown;
  readonly Probe: { readonly fromHttpGet: (path: string, props: object) => unknown };
}

/** The web service that cdk8s-plus makes: Deployment, Service and ServiceAccount. */
export function plusService(library: unknown, image: string): (chart: Chart, name: string) => void {
  const plus = library as Plus;
  return (chart, name) => {
    const serviceAccount = new plus.ServiceAccount(chart, `${name}-account`, { metadata: { name } });
    const readiness = plus.Probe.fromHttpGet("/readyz", { port: 8080 });
    const containers = [{ image, portNumber: 8080, readiness }];
    const deployment = new plus.Deployment(chart, name, {
      metadata: { name },
      replicas: 2,
      serviceAccount,
      containers,
    });
    deployment.exposeViaService({ name, ports: [{ port: 80, targetPort: 8080 }] });
  };
}
