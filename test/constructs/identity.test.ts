import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import { Construct } from "constructs";
import fc from "fast-check";
import {
  Config,
  GrpcRoute,
  Route,
  StoredSecret,
  Tenant,
  useProfile,
  Volume,
  WebService,
} from "../../constructs/index.ts";
import { soundProps } from "../support/constructs.ts";
import { corpus, renderSample } from "../support/corpus.ts";
import { soundWorkloads, workload, type WorkloadKind } from "../support/workloads.ts";

const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
const pinned = { name: "pinned" } as const;

/** Everything that has a name of its own, with the name pinned. */
const builders: Readonly<Record<string, (scope: Construct, id: string) => unknown>> = {
  ...Object.fromEntries(
    (Object.keys(soundWorkloads) as WorkloadKind[]).map((kind) => [
      kind,
      (scope: Construct, own: string) => workload(kind, pinned, scope, own),
    ]),
  ),
  config: (scope, own) => new Config(scope, own, { ...pinned, data: { MODE: "strict" } }),
  volume: (scope, own) => new Volume(scope, own, { ...pinned, size: "1Gi" }),
  tenant: (scope, own) => new Tenant(scope, own, { ...pinned, groups: { edit: ["developers"] } }),
  storedSecret: (scope, own) => new StoredSecret(scope, own, { ...pinned, keys: { password: "shop/db" } }),
  route: (scope, own) => new Route(scope, own, { ...pinned, host: "shop.example.com", to: web(scope, own) }),
  grpcRoute: (scope, own) =>
    new GrpcRoute(scope, own, { ...pinned, host: "grpc.example.com", to: web(scope, own) }),
};

function web(scope: Construct, id: string): WebService {
  return new WebService(scope, `${id}-web`, { ...soundProps, name: "web" });
}

describe("The identity of a construct", () => {
  for (const [kind, build] of Object.entries(builders)) {
    it(`stays when a ${kind} with a pinned name is renamed or moved: no name, no selector, no byte changes`, () => {
      const render = (path: readonly string[]): string => {
        const app = new App();
        useProfile(app, {
          kubernetes: "1.35",
          gateway: { name: "edge", namespace: "infra" },
          secrets: { by: "external-secrets", store: "vault" },
        });
        const chart: Construct = new Chart(app, "shop", { namespace: "shop" });
        const scope = path.slice(1).reduce((outer, part) => new Construct(outer, part), chart);
        build(scope, path[0] ?? "x");
        return app.synthYaml();
      };
      const before = render(["app"]);
      fc.assert(
        fc.property(fc.array(id, { minLength: 1, maxLength: 4 }), (path) => {
          assert.equal(render(path), before);
        }),
        { numRuns: 15 },
      );
    });
  }

  it("is in the same bytes for the same input, in every sample of the corpus", () => {
    const render = (): string => JSON.stringify(corpus().map((sample) => renderSample(sample)));
    assert.equal(render(), render());
  });
});
