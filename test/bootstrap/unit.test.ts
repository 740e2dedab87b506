import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { enableUnit } from "../../bootstrap/unit.ts";
import { execute } from "../../toolchain/execute.ts";
import { standIns } from "../support/stand-ins.ts";

const states = [
  ["that it read from its new file", "no", "enabled", "/etc/systemd/system/containerd.service", false],
  ["whose file has changed", "yes", "enabled", "/etc/systemd/system/containerd.service", true],
  ["whose former state it keeps in mind", "no", "disabled", "/etc/systemd/system/containerd.service", true],
  [
    "of a package, which ours takes the place of",
    "no",
    "enabled",
    "/lib/systemd/system/containerd.service",
    true,
  ],
  ["that it did not find", "no", "", "", true],
] as const;

describe("enableUnit", () => {
  for (const [what, needsReload, unitFileState, path, isReloaded] of states) {
    it(`${isReloaded ? "has systemd read its files anew" : "leaves systemd alone"} for a unit ${what}`, async () => {
      const shown = [
        `NeedDaemonReload=${needsReload}`,
        `UnitFileState=${unitFileState}`,
        `FragmentPath=${path}`,
      ];
      const programs = await standIns({
        systemctl: `echo "$*" >>"$(dirname "$0")/calls"\n[ "$1" != show ] || printf '%s\\n' ${shown.join(" ")}`,
      });
      try {
        const env = { ...process.env, PATH: `${programs.path}:${process.env["PATH"] ?? ""}` };

        const { code, tail } = await execute("sh", ["-c", enableUnit("containerd.service")], { env });

        assert.equal(code, 0, tail);
        const calls = (await readFile(join(programs.path, "calls"), "utf8")).trim().split("\n");
        assert.equal(calls[0], "enable --quiet --no-reload containerd.service");
        assert.equal(calls.includes("daemon-reload"), isReloaded);
      } finally {
        await programs.remove();
      }
    });
  }

  it("fails where the unit cannot be enabled", async () => {
    const programs = await standIns({ systemctl: `[ "$1" != enable ] || exit 1` });
    try {
      const env = { ...process.env, PATH: `${programs.path}:${process.env["PATH"] ?? ""}` };

      const { code } = await execute("sh", ["-c", enableUnit("containerd.service")], { env });

      assert.equal(code, 1);
    } finally {
      await programs.remove();
    }
  });
});
