import assert from "node:assert/strict";
import type { DeliveryEvent } from "../../delivery/index.ts";
import { actions } from "../support/delivered-app.ts";
import { deliveredApps } from "../support/delivered-apps.ts";
import { configMap, deployment, scaler, widget, widgetDefinition } from "../support/objects.ts";

describe("Delivery of what others own too", function () {
  this.timeout(120_000);

  const { newApp } = deliveredApps();

  it("names the owner and the fields of a conflict, touches nothing of the object, and takes over with force", async () => {
    const app = await newApp();
    await app.apply([deployment("web")]);
    await app.patchAs("somebody", deployment("web"), { spec: { replicas: 5, paused: true } });
    const changed = deployment("web", { spec: { replicas: 3, paused: false, minReadySeconds: 9 } });

    await assert.rejects(app.apply([changed]), {
      code: "KEELSON_FIELD_CONFLICT",
      conflicts: [
        { field: ".spec.paused", owner: "somebody" },
        { field: ".spec.replicas", owner: "somebody" },
      ],
    });
    assert.equal((await app.spec(changed))["minReadySeconds"], undefined);
    await app.apply([changed], { force: true });

    assert.equal((await app.spec(changed))["replicas"], 3);
  });

  for (const [adopt, isSame, isAdopted] of [
    ["always", false, true],
    ["ifNoDiff", true, true],
    ["ifNoDiff", false, false],
    ["never", true, false],
  ] as const) {
    it(`${isAdopted ? "takes over" : "leaves"} ${isSame ? "an equal" : "another"} object with adopt ${adopt}`, async () => {
      const app = await newApp();
      await app.create(configMap("settings", { mode: isSame ? "strict" : "loose" }));

      const applying = app.apply([configMap("settings"), configMap("new")], { adopt });

      if (isAdopted) {
        await applying;
        assert.deepEqual((await app.find(configMap("settings")))?.["data"], { mode: "strict" });
      } else {
        await assert.rejects(applying, { code: "KEELSON_PROBLEMS", message: /KEELSON_OBJECT_FOREIGN/ });
        assert.equal(await app.find(configMap("new")), undefined);
      }
    });
  }

  it("leaves the members of another set alone", async () => {
    const app = await newApp();
    await app.apply([configMap("settings")]);

    const other = app.apply([configMap("settings")], { inventory: { ...app.inventory, name: "other" } });

    await assert.rejects(other, { message: /member of another set/ });
  });

  it("does not fight an autoscaler over replicas (pulumi-kubernetes #2569)", async () => {
    const app = await newApp();
    await app.apply([deployment("web")]);
    await app.apply([deployment("web", { spec: { replicas: 3 } })]);
    await app.apply([deployment("web"), scaler("web")]);
    assert.equal((await app.spec(deployment("web")))["replicas"], 3);
    await app.scale("web", 7);

    const again = await app.apply([deployment("web"), scaler("web")]);
    await app.apply([deployment("web", { spec: { minReadySeconds: 5 } }), scaler("web")]);

    assert.deepEqual(actions(again), { unchanged: 2 });
    assert.deepEqual(
      [
        (await app.spec(deployment("web")))["replicas"],
        (await app.spec(deployment("web")))["minReadySeconds"],
      ],
      [7, 5],
    );
    const settled = await app.apply([deployment("web", { spec: { minReadySeconds: 5 } }), scaler("web")]);
    assert.deepEqual(actions(settled), { unchanged: 2 });
  });

  it("keeps fields that no model knows, its own and others' (unknown fields of a newer minor dropped)", async () => {
    const app = await newApp();
    const future = { deep: [{ name: "a", level: 1, rules: [[1, 2], []] }], empty: {} };
    await app.apply([widgetDefinition(), widget("gadget", { size: 3, future })]);
    const newer = { since: "the next minor", list: [{ weight: 0.5 }] };
    await app.patchAs("somebody", widget("gadget"), { spec: { newer } });

    const changed = { ...future, deep: [{ name: "a", level: 2, rules: [[1, 2], []] }] };
    const [, shown] = await app.preview([widgetDefinition(), widget("gadget", { size: 4, future: changed })]);
    await app.apply([widgetDefinition(), widget("gadget", { size: 4, future: changed })]);
    const again = await app.apply([widgetDefinition(), widget("gadget", { size: 4, future: changed })]);

    assert.deepEqual(shown?.changes, [
      { path: "spec.future.deep[name=a].level", before: 1, after: 2 },
      { path: "spec.size", before: 3, after: 4 },
    ]);
    assert.deepEqual(await app.spec(widget("gadget")), { size: 4, future: changed, newer });
    assert.deepEqual(actions(again), { unchanged: 2 });
  });

  it("leaves replicas to an autoscaler that is not of the set", async () => {
    const app = await newApp();
    await app.apply([deployment("web")]);
    await app.create(scaler("web"));
    await app.scale("web", 7);

    await app.apply([deployment("web", { spec: { minReadySeconds: 5 } })]);

    assert.equal((await app.spec(deployment("web")))["replicas"], 7);
  });

  it("decides on replicas again once the release takes its autoscaler away", async () => {
    const app = await newApp();
    await app.apply([deployment("web"), scaler("web")]);

    await app.apply([deployment("web", { spec: { replicas: 5 } })]);

    assert.equal((await app.spec(deployment("web")))["replicas"], 5);
    assert.equal(await app.find(scaler("web")), undefined);
  });

  it("corrects, reports or halts on what somebody has changed or deleted", async () => {
    const app = await newApp();
    const objects = [configMap("settings"), configMap("gone"), configMap("fine")];
    await app.apply(objects);
    const drift = async (): Promise<void> => {
      await app.patchAs("somebody", configMap("settings"), { data: { mode: "loose" } });
      await app.delete(configMap("gone"));
    };
    await drift();
    const events: DeliveryEvent[] = [];

    await assert.rejects(app.apply(objects, { drift: "halt" }), (error: Error) => {
      assert.match(error.message, /ConfigMap .*\/settings: somebody has changed data.mode \[KEELSON_DRIFT\]/);
      assert.match(error.message, /ConfigMap .*\/gone: somebody has deleted it/);
      return true;
    });
    const reported = await app.apply(objects, { drift: "report", onEvent: (event) => events.push(event) });
    assert.deepEqual(actions(reported), { drifted: 2, unchanged: 1 });
    assert.deepEqual((await app.find(configMap("settings")))?.["data"], { mode: "loose" });
    const corrected = await app.apply(objects);

    assert.deepEqual(actions(corrected), { corrected: 1, created: 1, unchanged: 1 });
    assert.deepEqual((await app.find(configMap("settings")))?.["data"], { mode: "strict" });
    assert.ok(
      events.some(
        (event) => event.type === "object" && event.changes.some(({ path }) => path === "data.mode"),
      ),
    );
  });
});
