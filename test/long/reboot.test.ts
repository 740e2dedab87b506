import assert from "node:assert/strict";
import * as bootstrap from "../../bootstrap/index.ts";
import { localMachines } from "../../machines/index.ts";
import { localFleet } from "../support/local-fleet.ts";
import type { LocalFleet } from "../support/local-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const name = "reboot";

describe("a host that reboots in the middle of a run", function () {
  this.timeout(580_000);
  let fleet: LocalFleet;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await localFleet(name, await bootstrap.createIdentity(name));
  });

  after(() => fleet.close());

  for (const [role, moment] of [
    ["controlPlane", "initialize the control plane"],
    ["worker", "join the cluster with kubeadm"],
  ] as const) {
    it(`ends the run by its name at "${moment}", and the next run goes on from there`, async () => {
      const host = fleet[role].name;
      let rebooted: Promise<void> | undefined;
      const { operation } = fleet.operation({
        onIntent: (intent) => {
          if (intent.host === host && intent.what.startsWith(moment))
            rebooted ??= localMachines().reboot(host);
        },
      });

      await assert.rejects(fleet.apply(operation), (error: Error & { code?: string }) => {
        assert.equal(error.code, "KEELSON_HOST_UNREACHABLE");
        assert.match(error.message, new RegExp(`\\b${host}\\b`));
        return true;
      });
      assert.ok(rebooted);
      await rebooted;

      if (role === "controlPlane") return;
      await fleet.apply(fleet.operation().operation);
      assert.deepEqual(await fleet.pending(fleet.operation().operation), []);
    });
  }
});
