import assert from "node:assert/strict";
import { type DeliveryEvent, readHealth, remove } from "../../delivery/index.ts";
import { parentPath } from "../../delivery/apply-set.ts";
import { dependsOnAnnotation } from "../../delivery/order.ts";
import { actions, refusal } from "../support/delivered-app.ts";
import { deliveredApps } from "../support/delivered-apps.ts";
import {
  configMap,
  deployment,
  namespace,
  rolledOut,
  secret,
  widget,
  widgetDefinition,
} from "../support/objects.ts";

describe("Delivery to a real API server", function () {
  this.timeout(120_000);

  const { server, newApp } = deliveredApps();

  it("applies in the order of dependencies, and changes nothing the second time", async () => {
    const app = await newApp();
    const late = configMap("late");
    const annotations = { [dependsOnAnnotation]: `/namespaces/${app.namespace}/ConfigMap/settings` };
    const objects = [
      { ...late, metadata: { ...late.metadata, annotations } },
      widget("gadget", { size: 3 }),
      deployment("web"),
      configMap("settings"),
      secret("token", { token: "s3cret-value" }),
      widgetDefinition(),
    ];
    const events: DeliveryEvent[] = [];

    const first = await app.apply(objects, { onEvent: (event) => events.push(event) });
    const before = await app.versions(first);
    const second = await app.apply(objects);

    const applied = events.flatMap((event) => (event.type === "object" ? [event.object] : []));
    assert.equal(applied[0], "apiextensions.k8s.io/CustomResourceDefinition widgets.example.org");
    const place = (name: string): number => applied.indexOf(`ConfigMap ${app.namespace}/${name}`);
    assert.ok(place("settings") < place("late"), applied.join());
    assert.deepEqual(actions(first), { created: 6 });
    assert.deepEqual(actions(second), { unchanged: 6 });
    assert.deepEqual(await app.versions(second), before);
    assert.equal(second.release, first.release);
    assert.ok(!JSON.stringify(events).includes("s3cret-value"));
  });

  it("brings its own namespace, in which the inventory is", async () => {
    const app = await newApp({ isMade: false });

    const result = await app.apply([namespace(app.namespace), configMap("settings")]);

    assert.deepEqual(actions(result), { created: 2 });
    await assert.rejects((await newApp({ isMade: false })).apply([configMap("settings")]), {
      code: "KEELSON_INVALID_INPUT",
      message: /there is no namespace/,
    });
  });

  it("deletes what is not wanted any more, keeps what asks for it, and shrinks the inventory", async () => {
    const app = await newApp();
    const annotations = { "client.lifecycle.config.k8s.io/deletion": "detach" };
    const kept = { ...configMap("kept"), metadata: { ...configMap("kept").metadata, annotations } };
    await app.apply([configMap("settings"), kept, deployment("web"), secret("token", { a: "1" })]);

    const result = await app.apply([configMap("settings")]);

    assert.deepEqual(actions(result), { unchanged: 1, pruned: 2, kept: 1 });
    assert.equal(await app.find(deployment("web")), undefined);
    assert.deepEqual((await app.find(kept))?.metadata.labels ?? {}, {});
    assert.equal((await app.parent())["applyset.kubernetes.io/contains-group-kinds"], "ConfigMap");
  });

  it("finds after an interruption what the interrupted run has made", async () => {
    const app = await newApp();
    await app.apply([configMap("settings")]);
    const refusing = app.through((request) => {
      if (request.method === "PATCH" && request.path.endsWith("/deployments/web")) throw refusal(403);
    });
    await assert.rejects(
      app.apply([configMap("settings"), secret("token", { a: "1" }), deployment("web")], {}, refusing),
    );
    assert.match(
      (await app.parent())["applyset.kubernetes.io/contains-group-kinds"] ?? "",
      /Deployment.apps/,
    );

    const result = await app.apply([configMap("settings")]);

    assert.deepEqual(actions(result), { unchanged: 1, pruned: 1 });
  });

  for (const [title, sabotage] of [
    ["is refused", () => Promise.reject(refusal(403))],
    ["breaks off", () => Promise.reject(refusal(500))],
    ["is answered by something else", () => Promise.resolve("<html>")],
    ["has no items", () => Promise.resolve({ kind: "ConfigMapList", items: null })],
  ] as const) {
    it(`deletes nothing when a list ${title} (Argo CD #18480)`, async () => {
      const app = await newApp();
      await app.apply([configMap("settings"), configMap("old"), secret("token", { a: "1" })]);
      const deleted: string[] = [];
      const blind = app.through((request) => {
        if (request.method === "DELETE") deleted.push(request.path);
        const isList = request.query?.["labelSelector"] !== undefined && request.path.endsWith("/configmaps");
        return isList ? sabotage() : undefined;
      });

      await assert.rejects(app.apply([configMap("settings")], {}, blind));
      await assert.rejects(remove(blind, { inventory: app.inventory }));

      assert.deepEqual(deleted, []);
      assert.notEqual(await app.find(configMap("old")), undefined);
    });
  }

  it("previews field by field, without touching anything, and shows no secret", async () => {
    const app = await newApp();
    await app.apply([configMap("settings"), secret("token", { token: "old-s3cret" }), configMap("old")]);
    const before = await app.parent();
    const wanted = [
      configMap("settings", { mode: "loose" }),
      secret("token", { token: "new-s3cret" }),
      deployment("web"),
    ];

    const previews = await app.preview(wanted);

    assert.deepEqual(
      previews.map(({ action, object }) => `${action} ${object.replace(app.namespace, "shop")}`),
      [
        "changed ConfigMap shop/settings",
        "changed Secret shop/token",
        "created apps/Deployment shop/web",
        "pruned ConfigMap shop/old",
      ],
    );
    assert.deepEqual(previews[0]?.changes, [{ path: "data.mode", before: "strict", after: "loose" }]);
    assert.deepEqual(previews[1]?.changes, [
      { path: "data.token", before: "[secret, before]", after: "[secret, after]" },
    ]);
    assert.ok(!JSON.stringify(previews).includes(Buffer.from("new-s3cret").toString("base64")));
    // What the server fills in is part of what would be.
    assert.ok(previews[2]?.changes.some(({ path }) => path === "spec.progressDeadlineSeconds"));
    assert.deepEqual(await app.parent(), before);
    assert.equal(await app.find(deployment("web")), undefined);
  });

  it("refuses fields that the server does not know, and quotes no secret", async () => {
    const app = await newApp();
    const unknown = { ...configMap("settings"), future: true };
    const broken = { ...secret("token", {}), data: { token: "not base64: s3cret-value" } };

    await assert.rejects(app.apply([unknown]), {
      code: "KEELSON_API_REFUSED",
      message: /\.future: field not declared in schema/,
    });
    await assert.rejects(app.apply([broken]), (error: Error) => !error.message.includes("s3cret-value"));
  });

  it("deletes what holds more than the app only if that is allowed", async () => {
    const app = await newApp();
    const data = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace: "shop" },
    };
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await app.apply([configMap("settings"), { ...data, spec }]);
    const refused = { message: /PersistentVolumeClaim .*data: it would be deleted.*KEELSON_REMOVAL_REFUSED/ };

    await assert.rejects(app.apply([configMap("settings", { mode: "loose" })]), refused);
    await assert.rejects(remove(app.cluster, { inventory: app.inventory }), refused);

    assert.deepEqual((await app.find(configMap("settings")))?.["data"], { mode: "strict" });
    await app.removeFinalizers({ ...data, spec });
    await app.apply([configMap("settings")], { allowRemoval: true });
    assert.equal(await app.find({ ...data, spec }), undefined);
  });

  it("removes an app with its inventory, and nothing the second time", async () => {
    const app = await newApp();
    await app.apply([configMap("settings"), deployment("web")]);
    await app.create(configMap("neighbour"));

    const removed = await remove(app.cluster, { inventory: app.inventory });

    assert.equal(removed.length, 2);
    assert.equal(await server().client.find(parentPath(app.inventory)), undefined);
    assert.notEqual(await app.find(configMap("neighbour")), undefined);
    assert.deepEqual(await remove(app.cluster, { inventory: app.inventory }), []);
  });

  it("keeps in the inventory what finalizers keep in the cluster, and replaces it once it has gone", async () => {
    const app = await newApp();
    const held = {
      ...configMap("held"),
      metadata: { ...configMap("held").metadata, finalizers: ["example.org/hold"] },
    };
    await app.apply([secret("token", { a: "1" }), held]);

    const result = await app.apply([secret("token", { a: "1" })], { patienceMs: 300 });

    assert.deepEqual(actions(result), { unchanged: 1, terminating: 1 });
    assert.equal((await app.parent())["applyset.kubernetes.io/contains-group-kinds"], "ConfigMap,Secret");
    await assert.rejects(app.apply([configMap("held")], { patienceMs: 300 }), { code: "KEELSON_TIMEOUT" });
    const applying = app.apply([secret("token", { a: "1" }), configMap("held")]);
    await app.removeFinalizers(held);
    assert.deepEqual(actions(await applying), { unchanged: 1, created: 1 });
  });

  it("gives way to another run on the same set", async () => {
    const app = await newApp();
    await app.apply([configMap("settings")]);
    let isFirst = true;
    const slow = app.through(async (request) => {
      if (request.method !== "PATCH" || !isFirst) return;
      isFirst = false;
      await app.apply([configMap("settings"), deployment("web")]);
    });

    await assert.rejects(app.apply([configMap("settings"), secret("token", { a: "1" })], {}, slow), {
      code: "KEELSON_LOCKED",
    });
  });

  it("stops with the run, and is finished by running again", async () => {
    const app = await newApp();
    const abort = new AbortController();
    const objects = [configMap("settings"), deployment("web")];
    const onEvent = ({ type }: DeliveryEvent): void => {
      if (type === "object") abort.abort();
    };

    await assert.rejects(app.apply(objects, { signal: abort.signal, onEvent }), { code: "KEELSON_ABORTED" });
    assert.equal(await app.find(deployment("web")), undefined);

    assert.deepEqual(actions(await app.apply(objects)), { unchanged: 1, created: 1 });
  });

  it("reads health of this release alone", async () => {
    const app = await newApp();
    const { release } = await app.apply([deployment("web"), configMap("settings")]);
    const health = async (wanted: string): Promise<string> =>
      (await readHealth(app.cluster, { inventory: app.inventory, release: wanted })).state;
    assert.equal(await health(release), "progressing");
    await app.report(deployment("web"), rolledOut(1));
    assert.equal(await health(release), "healthy");

    const next = await app.apply([deployment("web", { spec: { replicas: 3 } }), configMap("settings")]);

    assert.deepEqual([await health(release), await health(next.release)], ["progressing", "progressing"]);
    await app.report(deployment("web"), rolledOut(2, 3));
    assert.deepEqual([await health(release), await health(next.release)], ["progressing", "healthy"]);
    assert.equal(
      (await readHealth(app.cluster, { inventory: { ...app.inventory, name: "none" } })).state,
      "progressing",
    );
  });
});
