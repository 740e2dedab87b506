import assert from "node:assert/strict";
import { digestAnnotation, objectDigest, releaseDigest } from "../../delivery/digest.ts";
import { judgeSet } from "../../delivery/set-health.ts";
import type { KubeObject } from "../../kube/object.ts";
import { configMap, deployment, rolledOut } from "../support/objects.ts";

function applied(object: KubeObject, live: Partial<KubeObject> = {}): KubeObject {
  const annotations = { [digestAnnotation]: objectDigest(object) };
  return { ...object, ...live, metadata: { ...object.metadata, ...live.metadata, annotations } };
}

function releaseOf(...objects: readonly KubeObject[]): string {
  return releaseDigest(objects.map(objectDigest));
}

const web = deployment("web");
const settings = configMap("settings");
const release = releaseOf(web, settings);

function living(generation: number, status: object): readonly KubeObject[] {
  return [
    applied(web, { metadata: { name: "web", namespace: "shop", generation }, status }),
    applied(settings),
  ];
}

describe("judgeSet", () => {
  it("is content with exactly the release, when its controllers are done", () => {
    const health = judgeSet(living(3, rolledOut(3)), release);

    assert.deepEqual([health.state, health.reasons, health.release], ["healthy", [], release]);
  });

  it("does not take an empty set for a healthy one (Karmada #7455)", () => {
    const health = judgeSet([], releaseDigest([]));

    assert.deepEqual([health.state, health.reasons], ["progressing", ["the set is empty"]]);
  });

  it("does not advance on a status of the generation before (Argo CD #29410)", () => {
    const health = judgeSet(living(4, rolledOut(3)), release);

    assert.equal(health.state, "progressing");
    assert.deepEqual(health.reasons, [
      "apps/Deployment shop/web is InProgress: its status is of generation 3, the object is at 4",
    ]);
  });

  it("does not advance on healthy objects of another release", () => {
    const health = judgeSet(
      living(3, rolledOut(3)),
      releaseOf(deployment("web", { spec: { replicas: 5 } }), settings),
    );

    assert.equal(health.state, "progressing");
    assert.match(health.reasons.join(), /not those of the release/);
  });

  it("does not advance while a member is missing, or one too many is there", () => {
    const [first, second] = living(3, rolledOut(3));

    for (const members of [[first!], [first!, second!, applied(configMap("old"))]]) {
      assert.equal(judgeSet(members, release).state, "progressing");
    }
  });

  it("does not take a rollout that is paused for one that is over", () => {
    const paused = deployment("web", { spec: { paused: true } });
    const member = applied(paused, {
      metadata: { name: "web", namespace: "shop", generation: 1 },
      status: rolledOut(1),
    });

    const health = judgeSet([member], releaseOf(paused));

    assert.equal(health.state, "progressing");
    assert.match(health.reasons.join(), /is Paused/);
  });

  it("has failed when a rollout has passed its deadline", () => {
    const conditions = [
      { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "late" },
    ];

    const health = judgeSet(living(3, { ...rolledOut(3), conditions }), release);

    assert.deepEqual(
      [health.state, health.reasons],
      ["failed", ["apps/Deployment shop/web is Failed: late"]],
    );
  });
});
