import assert from "node:assert/strict";
import fc from "fast-check";
import { defaultLayout, machinePaths, shortId } from "../../../machines/nspawn/layout.ts";

describe("defaultLayout", () => {
  const rows = [
    ["the home folder", { HOME: "/h" }, "/h/.local/state/keelson/machines", "/h/.cache/keelson"],
    [
      "the XDG folders",
      { HOME: "/h", XDG_STATE_HOME: "/s", XDG_CACHE_HOME: "/c" },
      "/s/keelson/machines",
      "/c/keelson",
    ],
    [
      "keelson's own variables",
      { HOME: "/h", XDG_STATE_HOME: "/s", KEELSON_STATE: "/k", KEELSON_CACHE: "/l" },
      "/k/machines",
      "/l",
    ],
    [
      "an empty variable counts as none",
      { HOME: "/h", KEELSON_STATE: "" },
      "/h/.local/state/keelson/machines",
      "/h/.cache/keelson",
    ],
  ] as const;
  for (const [name, environment, state, cache] of rows) {
    it(`follows ${name}`, () => {
      assert.deepEqual(defaultLayout(environment), { state, cache });
    });
  }
});

describe("machinePaths", () => {
  it("keeps everything of a machine below its fleet", () => {
    const { directory, ...files } = machinePaths({ state: "/s", cache: "/c" }, "edge", "w1");

    assert.equal(directory, "/s/fleets/edge/machines/w1");
    for (const path of Object.values(files)) assert.ok(path.startsWith(`${directory}/`), path);
  });
});

describe("shortId", () => {
  it("leaves room for nspawn's prefix in the name of a network link", () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        assert.match(`vb-${shortId(path)}`, /^[a-z0-9-]{1,15}$/);
      }),
    );
  });

  it("differs between state folders", () => {
    assert.notEqual(shortId("/a/fleets/x"), shortId("/b/fleets/x"));
  });
});
