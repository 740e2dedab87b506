import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { partOfLabel } from "../../delivery/apply-set.ts";
import { diffObjects } from "../../delivery/diff.ts";
import { digestAnnotation } from "../../delivery/digest.ts";
import { apply, preview, type Preview } from "../../delivery/index.ts";
import { ownMarks } from "../../delivery/judge.ts";
import { keyOf } from "../../delivery/object-id.ts";
import type { KubeObject } from "../../kube/object.ts";
import { collectionPath, ResourcePaths } from "../../kube/resource-paths.ts";
import { resolve } from "../../toolchain/index.ts";
import { runChecker } from "../support/checkers/run.ts";
import { corpus, renderSample, type Sample } from "../support/corpus.ts";
import { assertGolden } from "../support/golden.ts";
import { describeLong } from "../support/long.ts";
import { definePublished } from "../support/published-definitions.ts";
import { type RealApiServer, startRealApiServer } from "../support/real-api-server.ts";
import { statusCorpus } from "../support/status-corpus.ts";

const run = promisify(execFile);

describeLong("Delivery, beside the tools of others", function () {
  it("is that kstatus of sigs.k8s.io/cli-utils judges every object as we do", async () => {
    const statuses = JSON.parse(await runChecker("kstatus", [], JSON.stringify(statusCorpus()))) as string[];

    assert.ok(statuses.length > 500);
    for (const status of ["Current", "InProgress", "Failed", "Terminating", "Error"]) {
      assert.ok(statuses.includes(status), status);
    }
    // test/delivery/status.test.ts compares ours with it.
    assertGolden("delivery/kstatus.json", `${JSON.stringify(statuses)}\n`);
  }).timeout(300_000);

  describe("On a real API server", () => {
    let server: RealApiServer;
    let folder: string;
    let kubectl: string;

    before(async function () {
      this.timeout(300_000);
      server = await startRealApiServer();
      await definePublished(server.client);
      folder = await mkdtemp(join(tmpdir(), "keelson-delivery-"));
      kubectl = (await resolve("kubectl")).files["kubectl"]?.path ?? "kubectl";
      // Gives what kubectl would compare instead of comparing it.
      const copy = '#!/bin/sh\ncp -r "$1" "$KEELSON_DIFF/live" && cp -r "$2" "$KEELSON_DIFF/merged"\n';
      await writeFile(join(folder, "copy"), copy, { mode: 0o700 });
    });

    after(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    // An ApplySet of kubectl is of one namespace.
    const comparable = corpus().filter((sample) => isInOneNamespace(sample));
    for (const [kind, versions] of Map.groupBy(comparable, ({ title }) => title.split(/[ ,]/)[0] ?? "")) {
      it(`kubectl leaves the same objects and shows the same fields, for every version of a ${kind}`, async () => {
        const pairs = await compareVersions(kind.toLowerCase(), versions);

        assert.ok(pairs.compared > 0 && pairs.compared + pairs.refused === versions.length);
        assert.ok(pairs.refused < versions.length / 2, `${pairs.refused} versions were refused`);
      }).timeout(600_000);
    }

    /** Takes a cluster from version to version with both, and compares after each step. */
    async function compareVersions(
      kind: string,
      versions: readonly Sample[],
    ): Promise<{ readonly compared: number; readonly refused: number }> {
      let refused = 0;
      let compared = 0;
      let run = 0;
      let homes = await newHomes(kind, run);
      for (const sample of versions) {
        const render = (home: string): readonly KubeObject[] =>
          renderSample(sample, home) as readonly KubeObject[];
        const [ours, theirs] = [render(homes[0]), onOtherPorts(render(homes[1]))];
        const fields = await Promise.all([
          fieldsByKeelson(ours, homes[0]),
          fieldsByKubectl(theirs, homes[1]),
        ]);
        if (fields.includes(undefined)) {
          // An immutable field: both must refuse, and begin anew.
          assert.deepEqual(fields, [undefined, undefined], sample.title);
          refused += 1;
          run += 1;
          homes = await newHomes(kind, run);
          continue;
        }
        assert.deepEqual(fields[0], fields[1], sample.title);
        const before = await Promise.all(homes.map(deployments));
        await Promise.all([applyByKeelson(ours, homes[0]), applyByKubectl(theirs, homes[1])]);
        assert.deepEqual(await state(homes[0], ours), await state(homes[1], theirs), sample.title);
        assertGenerations(before, await Promise.all(homes.map(deployments)), sample.title);
        await Promise.all(homes.map(endClaims));
        compared += 1;
      }
      return { compared, refused };
    }

    /** As the controller does it that is not here: a claim that is being deleted ends when no pod uses it. */
    async function endClaims(home: string): Promise<void> {
      const path = `/api/v1/namespaces/${home}/persistentvolumeclaims`;
      const { items } = await server.client.request<{ items: readonly KubeObject[] }>({ path });
      for (const { metadata } of items.filter((item) => item.metadata.deletionTimestamp !== undefined)) {
        await server.client.request({
          method: "PATCH",
          path: `${path}/${metadata.name}`,
          contentType: "application/merge-patch+json",
          body: { metadata: { finalizers: null } },
        });
      }
    }

    async function deployments(home: string): Promise<readonly KubeObject[]> {
      const path = `/apis/apps/v1/namespaces/${home}/deployments`;
      return (await server.client.request<{ items: readonly KubeObject[] }>({ path })).items;
    }

    async function newHomes(kind: string, run: number): Promise<readonly [string, string]> {
      const homes = [`keelson-${kind}-${run}`, `kubectl-${kind}-${run}`] as const;
      for (const name of homes) {
        const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
        await server.client.request({ method: "POST", path: "/api/v1/namespaces", body });
      }
      return homes;
    }

    async function applyByKeelson(objects: readonly KubeObject[], home: string): Promise<void> {
      const { name, inventory } = { name: "edge", inventory: { name: "inventory", namespace: home } };
      // As kubectl does it: without a guard, whoever made what is there, and without waiting for what finalizers hold.
      const options = { inventory, adopt: "always", allowRemoval: true, patienceMs: 1 } as const;
      await apply({ name, client: server.client }, objects, options);
    }

    async function applyByKubectl(objects: readonly KubeObject[], home: string): Promise<void> {
      const file = await manifest(objects, home);
      const args = ["apply", "--server-side", "--prune", "--applyset=inventory", "-n", home, "-f", file];
      await run(kubectl, [...args, `--kubeconfig=${server.kubeconfigPath}`], {
        env: { ...process.env, KUBECTL_APPLYSET: "true" },
      });
    }

    /** What would change in each object that is wanted; undefined if the server refuses a change. */
    async function fieldsByKeelson(
      objects: readonly KubeObject[],
      home: string,
    ): Promise<Fields | undefined> {
      const cluster = { name: "edge", client: server.client };
      let previews: readonly Preview[];
      try {
        previews = await preview(cluster, objects, {
          inventory: { name: "inventory", namespace: home },
          adopt: "always",
          allowRemoval: true,
        });
      } catch (error) {
        assert.match(String(error), /KEELSON_API_REFUSED|RefusedError/);
        return undefined;
      }
      const wanted = new Set(objects.map(keyOf));
      const shown = previews.filter(({ object }) => wanted.has(object));
      return fieldsOf(
        shown.map(({ object, changes }) => [object, changes]),
        home,
      );
    }

    async function fieldsByKubectl(
      objects: readonly KubeObject[],
      home: string,
    ): Promise<Fields | undefined> {
      const output = await mkdtemp(join(folder, "diff-"));
      const args = ["diff", "--server-side", "-n", home, "-f", await manifest(objects, home)];
      try {
        await run(kubectl, [...args, `--kubeconfig=${server.kubeconfigPath}`], {
          env: { ...process.env, KUBECTL_EXTERNAL_DIFF: join(folder, "copy"), KEELSON_DIFF: output },
        });
      } catch (error) {
        assert.match((error as { stderr: string }).stderr, /immutable|Forbidden|Invalid/);
        return undefined;
      }
      const [live, merged] = await Promise.all([
        readObjects(join(output, "live")),
        readObjects(join(output, "merged")),
      ]);
      const entries = [...merged].map(
        ([key, after]) => [key, diffObjects(live.get(key), after, { ignore: ownMarks })] as const,
      );
      return fieldsOf(entries, home);
    }

    async function manifest(objects: readonly KubeObject[], home: string): Promise<string> {
      await mkdir(join(folder, home), { recursive: true });
      const file = join(folder, home, "objects.json");
      await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
      return file;
    }

    /** All living objects of the kinds that an app may have, as far as both tools decide on them. */
    async function state(home: string, objects: readonly KubeObject[]): Promise<readonly unknown[]> {
      const paths = new ResourcePaths(server.client);
      const kinds = new Map(
        [...everyKind, ...objects].map(({ apiVersion, kind }) => [
          `${apiVersion} ${kind}`,
          { apiVersion, kind },
        ]),
      );
      const all: KubeObject[] = [];
      for (const { apiVersion, kind } of kinds.values()) {
        const resource = await paths.find(apiVersion, kind);
        if (resource?.namespaced !== true) continue;
        const list = await server.client.request<{ items: readonly KubeObject[] }>({
          path: collectionPath(resource, home),
        });
        all.push(...list.items.map((item) => ({ ...item, apiVersion, kind })));
      }
      return all
        .filter(({ metadata: { name } }) => name !== "inventory")
        .map((object) => normal(object, home))
        .sort((left, right) => JSON.stringify(left).localeCompare(JSON.stringify(right)));
    }
  });
});

type Fields = Readonly<Record<string, unknown>>;

/** The kinds that constructs make; a list of all of them finds what was not pruned. */
const everyKind: readonly Pick<KubeObject, "apiVersion" | "kind">[] = [
  ...["ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim"].map((kind) => ({
    apiVersion: "v1",
    kind,
  })),
  ...["Deployment", "StatefulSet", "DaemonSet"].map((kind) => ({ apiVersion: "apps/v1", kind })),
  ...["Job", "CronJob"].map((kind) => ({ apiVersion: "batch/v1", kind })),
  ...["NetworkPolicy", "Ingress"].map((kind) => ({ apiVersion: "networking.k8s.io/v1", kind })),
  ...["ResourceQuota", "LimitRange"].map((kind) => ({ apiVersion: "v1", kind })),
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
];

function fieldsOf(entries: readonly (readonly [string, Preview["changes"]])[], home: string): Fields {
  const text = JSON.stringify(
    Object.fromEntries(
      entries
        .filter(([, changes]) => changes.length > 0)
        .sort(([left], [right]) => left.localeCompare(right))
        .map(([key, changes]) => [key, changes.filter(({ path }) => !isRandom(path))]),
    ),
  );
  return JSON.parse(text.replaceAll(home, "home")) as Fields;
}

/** The server gives each Service addresses and ports of its own, and each Job a label with its identity. */
function isRandom(path: string): boolean {
  return /^spec\.clusterIPs?$|nodePort$|controller-uid"?\]?$/.test(path);
}

async function readObjects(directory: string): Promise<ReadonlyMap<string, KubeObject>> {
  const names = await readdir(directory);
  const objects = await Promise.all(
    names.map(async (name) => parse(await readFile(join(directory, name), "utf8")) as KubeObject | null),
  );
  return new Map(objects.flatMap((object) => (object === null ? [] : [[keyOf(object), object] as const])));
}

/**
 * The server raises a Deployment's generation if an annotation changes, too, and the digest that we annotate changes with
 * each other way to say the same: that may cost one generation, where kubectl needs none. Anything more is a write too many.
 */
function assertGenerations(
  before: readonly (readonly KubeObject[])[],
  after: readonly (readonly KubeObject[])[],
  title: string,
): void {
  const [ours = new Map<string, number>(), theirs = new Map<string, number>()] = after.map((living, home) => {
    const known = new Map(before[home]?.map(({ metadata }) => [metadata.name, metadata.generation ?? 0]));
    return new Map(
      living.map(({ metadata: { name, generation = 0 } }) => [name, generation - (known.get(name) ?? 0)]),
    );
  });
  for (const [name, raised] of ours) {
    const allowed = theirs.get(name) === 0 ? [0, 1] : [theirs.get(name)];
    assert.ok(allowed.includes(raised), `${title}: the generation of ${name} rose by ${raised}`);
  }
}

/** An object without what differs between any two objects: times, identities, addresses and the marks of the tools. */
function normal(object: KubeObject, home: string): unknown {
  const { name, namespace, generation, labels = {}, annotations = {}, ...metadata } = object.metadata;
  const others = ["uid", "resourceVersion", "creationTimestamp", "managedFields"];
  const kept = Object.entries(metadata).filter(([key]) => !others.includes(key));
  const unmarked = (map: Readonly<Record<string, string>>): object =>
    Object.fromEntries(
      Object.entries(map).filter(([key]) => key !== partOfLabel && key !== digestAnnotation),
    );
  const cleaned = {
    ...object,
    metadata: {
      ...Object.fromEntries(kept),
      name,
      namespace,
      ...(object.kind !== "Deployment" && { generation }),
      labels: unmarked(labels),
      annotations: unmarked(annotations),
    },
  };
  const text = JSON.stringify(cleaned, (key, value: unknown) =>
    ["clusterIP", "clusterIPs", "nodePort", "deletionTimestamp"].includes(key) ? undefined : value,
  );
  return JSON.parse(text.replaceAll(home, "home").replaceAll(object.metadata.uid ?? "", "uid")) as unknown;
}

function isInOneNamespace(sample: Sample): boolean {
  const objects = renderSample(sample, "home") as readonly KubeObject[];
  return objects.every(({ metadata: { namespace = "home" } }) => namespace === "home");
}

/** A cluster gives each node port once, and both tools have theirs at the same time. */
function onOtherPorts(objects: readonly KubeObject[]): readonly KubeObject[] {
  const text = JSON.stringify(objects, (key, value: unknown) =>
    key === "nodePort" ? Number(value) + 1000 : value,
  );
  return JSON.parse(text) as readonly KubeObject[];
}
