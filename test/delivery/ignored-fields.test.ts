import assert from "node:assert/strict";
import { valueAt } from "../../delivery/fields.ts";
import { ignoredIn, scaledFields, yieldFields } from "../../delivery/ignored-fields.ts";
import type { KubeObject } from "../../kube/object.ts";
import { deployment, scaler } from "../support/objects.ts";

const manager = "keelson/shop/web";
const paths = ["spec.replicas"];

function liveWith(
  replicas: number,
  owners: readonly { manager: string; operation: "Apply" | "Update" }[],
): KubeObject {
  const fieldsV1 = { "f:spec": { "f:replicas": {} } };
  return deployment("web", {
    metadata: { managedFields: owners.map((owner) => ({ ...owner, fieldsV1 })) },
    spec: { replicas },
  });
}

const ours = { manager, operation: "Apply" } as const;
const autoscaler = { manager: "kube-controller-manager", operation: "Update" } as const;

describe("The replicas of what an autoscaler scales", () => {
  it("are ignored in the object that the autoscaler names, and in no other one", () => {
    const fields = scaledFields([scaler("web"), deployment("web")]);

    assert.deepEqual(ignoredIn(deployment("web"), fields), paths);
    assert.deepEqual(ignoredIn(deployment("api"), fields), []);
    assert.deepEqual(ignoredIn(deployment("web", { metadata: { namespace: "other" } }), fields), []);
    assert.deepEqual(ignoredIn(deployment("web", { spec: { replicas: undefined } }), fields), []);
  });

  it("begin with what the program says", () => {
    assert.equal(valueAt(yieldFields(deployment("web"), undefined, { paths, manager }), "spec.replicas"), 2);
  });

  it("stay as they are while nobody else owns them, since the server would reset them", () => {
    const sent = yieldFields(deployment("web"), liveWith(7, [ours]), { paths, manager });

    assert.equal(valueAt(sent, "spec.replicas"), 7);
  });

  for (const [title, owners] of [
    ["the autoscaler owns them", [autoscaler]],
    ["the autoscaler owns them with us", [ours, autoscaler]],
  ] as const) {
    it(`are not sent once ${title}`, () => {
      const sent = yieldFields(deployment("web"), liveWith(7, owners), { paths, manager });

      assert.equal(valueAt(sent, "spec.replicas"), undefined);
      assert.notEqual(valueAt(sent, "spec.selector"), undefined);
    });
  }
});
