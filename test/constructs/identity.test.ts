import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import { Construct } from "constructs";
import fc from "fast-check";
import { Config, Tenant, Volume } from "../../constructs/index.ts";
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
};

describe("The identity of a construct", () => {
  for (const [kind, build] of Object.entries(builders)) {
    it(`stays when a ${kind} with a pinned name is renamed or moved: no name, no selector, no byte changes`, () => {
      const render = (path: readonly string[]): string => {
        const app = new App();
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
