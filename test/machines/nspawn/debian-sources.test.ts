import assert from "node:assert/strict";
import { debianRelease, debianSources, parseIndexTargets } from "../../../machines/nspawn/debian-sources.ts";

describe("parseIndexTargets", () => {
  it("takes Debian's own sources of the machines' release", () => {
    const text = [
      "Packages|http://mirror.example/debian/|bookworm|main",
      "DEP-11|http://mirror.example/debian/|bookworm|main",
      "Packages|http://mirror.example/debian/|bookworm|contrib",
      "Packages|http://mirror.example/debian/|bookworm-updates|main",
      "Packages|http://mirror.example/debian-security|bookworm-security|main",
      "Packages|https://packages.example/|stable|main",
    ].join("\n");

    assert.deepEqual(parseIndexTargets(text, "bookworm"), [
      { uri: "http://mirror.example/debian/", release: "bookworm" },
      { uri: "http://mirror.example/debian/", release: "bookworm-updates" },
      { uri: "http://mirror.example/debian-security", release: "bookworm-security" },
    ]);
  });

  it("takes the machines' release alone from the mirror of a newer Debian", () => {
    const text =
      "Packages|http://m/debian|trixie|main\nPackages|http://m/debian-security|trixie-security|main\n";

    assert.deepEqual(parseIndexTargets(text, "bookworm"), [{ uri: "http://m/debian", release: "bookworm" }]);
  });

  it("takes nothing from another distribution", () => {
    assert.deepEqual(
      parseIndexTargets("Packages|http://archive.example/ubuntu|noble|main\n", "bookworm"),
      [],
    );
  });
});

describe("debianRelease", () => {
  it("is Debian 12 unless the environment says 13", () => {
    assert.equal(debianRelease({}), "bookworm");
    assert.equal(debianRelease({ KEELSON_DEBIAN_RELEASE: "trixie" }), "trixie");
  });

  it("is none of another name", () => {
    assert.throws(() => debianRelease({ KEELSON_DEBIAN_RELEASE: "noble" }), {
      code: "KEELSON_INVALID_INPUT",
    });
  });
});

describe("debianSources", () => {
  it("takes the mirror that the environment names", async () => {
    assert.deepEqual(await debianSources("trixie", { KEELSON_DEBIAN_MIRROR: "http://m/debian" }), [
      { uri: "http://m/debian", release: "trixie" },
    ]);
  });
});
