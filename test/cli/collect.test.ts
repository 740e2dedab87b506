import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { collectReleases } from "../../cli/fleet/collect.ts";
import { emptyLock, startRollout, withReleases } from "../../clusters/index.ts";
import { openReleaseStore } from "../../delivery/index.ts";
import { offerOf } from "../support/fake-fleet.ts";
import { configMap } from "../support/objects.ts";

describe("Old releases", () => {
  it("go, but for those that the lock, an offer or a rollout may still need", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keelson-collect-"));
    try {
      const store = await openReleaseStore({ reference: pathToFileURL(folder).href, key: "0f".repeat(32) });
      const names = ["locked", "offered", "from", "to", "forgotten"];
      const digests = await Promise.all(names.map((name) => store.put([configMap(name)])));
      const [locked = "", offered = "", from = "", to = "", forgotten = ""] = digests;
      const longAgo = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000);
      for (const file of await readdir(join(folder, "releases"))) {
        await utimes(join(folder, "releases", file), longAgo, longAgo);
      }
      const rules = { maxFailures: 0, onFailure: "rollback", deadlineSeconds: 600 } as const;
      const waves = [{ name: "all", approval: false, clusters: ["eu1", "us1"] }];
      const rollout = startRollout({
        app: "shop",
        rules,
        waves,
        from: { eu1: from },
        to: { eu1: to, us1: to },
      });
      await store.writeRecord("rollouts/shop", rollout);
      await store.writeRecord("apps/docs", offerOf(offered, [["eu1"]]));
      const lock = withReleases(emptyLock, "other", { eu1: locked });

      assert.equal(await collectReleases(store, lock, new AbortController().signal), 1);

      await assert.rejects(store.get(forgotten), { code: "KEELSON_RELEASE_MISSING" });
      for (const digest of [locked, offered, from, to]) assert.equal((await store.get(digest)).length, 1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
