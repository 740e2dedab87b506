import assert from "node:assert/strict";
import { formatPreviews } from "../../delivery/format-previews.ts";
import type { Preview } from "../../delivery/index.ts";

describe("formatPreviews", () => {
  it("shows each object that differs, and the fields of those that change", () => {
    const text = formatPreviews([
      preview("Namespace shop", "created"),
      { ...preview("Widget shop/a", "created"), isVerified: false },
      {
        ...preview("ConfigMap shop/settings", "changed"),
        changes: [{ path: "data.mode", before: "a", after: "b" }],
      },
      { ...preview("Secret shop/token", "drifted"), changes: [{ path: "data.a", after: "[secret]" }] },
      preview("Service shop/web", "unchanged"),
      preview("Secret shop/old", "pruned"),
      preview("PersistentVolumeClaim shop/data", "kept"),
    ]);

    assert.equal(
      text,
      [
        "2 to create, 1 to change, 1 drifted and left so, 1 to delete, 1 to leave to the cluster, 1 unchanged",
        "+ Namespace shop",
        "+ Widget shop/a (the server cannot be asked before its kind or namespace is there)",
        "~ ConfigMap shop/settings",
        '    ~ data.mode: "a" -> "b"',
        "! Secret shop/token",
        '    + data.a: "[secret]"',
        "- Secret shop/old",
        "= PersistentVolumeClaim shop/data",
      ].join("\n"),
    );
  });

  it("names who owns what would be refused, also where nothing else differs", () => {
    const conflicts = [{ field: ".spec.replicas", owner: "somebody" }];

    const text = formatPreviews([{ ...preview("apps/Deployment shop/web", "unchanged"), conflicts }]);

    assert.equal(text, "1 unchanged\n! apps/Deployment shop/web\n    ! .spec.replicas belongs to somebody");
  });

  it("cuts what nobody would read, and says so", () => {
    const many = Array.from({ length: 30 }, (_, index) => preview(`ConfigMap shop/${index}`, "created"));

    const lines = formatPreviews(many, { lines: 10 }).split("\n");

    assert.equal(lines.length, 11);
    assert.equal(lines.at(-1), "… and 21 lines more");
  });
});

function preview(object: string, action: Preview["action"]): Preview {
  return { object, action, changes: [], conflicts: [], isVerified: true };
}
