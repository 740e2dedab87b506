import assert from "node:assert/strict";
import { catalogueOf } from "../../constructs/schema/catalogue.ts";
import { applyObjects } from "../../kube/apply.ts";
import type { KubeObject } from "../../kube/object.ts";
import { releases } from "../../scripts/kubernetes/spec.ts";
import { apiServerVersions } from "../../toolchain/checkers.ts";
import { defaultKubernetes } from "../../toolchain/versions.ts";
import { dryRun } from "../support/checkers/dry-run.ts";
import { corpus, renderSample } from "../support/corpus.ts";
import { itLong } from "../support/long.ts";
import { definePublished } from "../support/published-definitions.ts";
import { type RealApiServer, startRealApiServer } from "../support/real-api-server.ts";

describe("A real API server", function () {
  this.timeout(900_000);

  const rendered = corpus().flatMap((sample) => renderSample(sample)) as readonly KubeObject[];
  const objects = distinct(rendered);
  const custom = objects.filter((object) => !isOfKubernetes(object));

  it("is one of each minor that types and schemas are generated from", () => {
    assert.deepEqual(apiServerVersions, releases);
  });

  it("knows the custom resources that constructs make, by the definitions that their makers publish", () => {
    const kinds = [...new Set(custom.map(({ kind }) => kind))].toSorted();
    assert.deepEqual(kinds, [
      "ExternalSecret",
      "GRPCRoute",
      "HTTPRoute",
      "PodMonitor",
      "ReferenceGrant",
      "SecretProviderClass",
      "ServiceExport",
    ]);
  });

  for (const version of apiServerVersions) {
    const title = `takes every object of every construct strictly and without a warning: ${version}`;
    // The servers of the other minors are built for this alone.
    (version === defaultKubernetes ? it : itLong)(title, () =>
      withServer(version, async (server) => {
        const verdicts = await dryRun(server, objects);

        const said = verdicts.flatMap(({ refusal, warnings }, index) =>
          [refusal, ...warnings].filter(Boolean).map((text) => `${nameOf(objects[index]!)}: ${text}`),
        );
        assert.deepEqual([...new Set(said)], []);
        assert.equal(verdicts.length, objects.length);
        assert.ok(objects.length > 100, `${objects.length} objects were judged`);
      }),
    );
  }

  it("can be believed: it refuses what is wrong, and warns of what restricted forbids", async () => {
    const ports = (port: object): KubeObject => ({ ...named("v1", "Service"), spec: { ports: [port] } });
    const container = { name: "app", image: "app:1", securityContext: { privileged: true } };
    const labels = { app: "careless" };
    const template = { metadata: { labels }, spec: { containers: [container] } };
    const privileged = { selector: { matchLabels: labels }, template };
    const route = { hostnames: ["shop.example.com"], rules: [{ matches: [{ path: { value: "cart" } }] }] };

    await withServer(defaultKubernetes, async (server) => {
      const [misspelled, outOfRange, unknown, careless, astray] = await dryRun(server, [
        ports({ port: 80, targetprot: 8080 }),
        ports({ port: 99_999 }),
        named("v1", "Srevice"),
        { ...named("apps/v1", "DaemonSet"), spec: privileged },
        { ...named("gateway.networking.k8s.io/v1", "HTTPRoute"), spec: route },
      ]);
      assert.match(misspelled!.refusal, /targetprot/);
      assert.match(outOfRange!.refusal, /must be between 1 and 65535/);
      assert.match(unknown!.refusal, /does not serve it/);
      assert.match(careless!.warnings.join(), /would violate PodSecurity .*privileged=true/);
      assert.match(astray!.refusal, /must be an absolute path/);
    });
  });

  async function withServer(version: string, work: (server: RealApiServer) => Promise<void>): Promise<void> {
    const server = await startRealApiServer({ version });
    try {
      await definePublished(server.client);
      await applyObjects(server.client, namespaces(objects), { fieldManager: "keelson-test" });
      await work(server);
    } finally {
      await server.stop();
    }
  }
});

function isOfKubernetes({ apiVersion, kind }: KubeObject): boolean {
  return catalogueOf("1.35").find(apiVersion, kind) !== undefined;
}

function distinct(all: readonly KubeObject[]): readonly KubeObject[] {
  return [...new Map(all.map((object) => [JSON.stringify(object), object])).values()];
}

/** The namespaces that objects are in, each of which warns of pods that restricted forbids. */
function namespaces(all: readonly KubeObject[]): readonly KubeObject[] {
  const names = new Set(["shop", ...all.flatMap(({ metadata }) => metadata.namespace ?? [])]);
  const labels = { "pod-security.kubernetes.io/warn": "restricted" };
  return [...names].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } }));
}

function named(apiVersion: string, kind: string): KubeObject {
  return { apiVersion, kind, metadata: { name: "careless", namespace: "shop" } };
}

function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.name}`;
}
