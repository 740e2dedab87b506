import assert from "node:assert/strict";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { packageManagers } from "../../../bootstrap/packages/managers.ts";
import { packages } from "../../../bootstrap/phases/packages.ts";
import type { HostFacts, PackageFacts } from "../../../clusters/facts.ts";
import { blankView } from "../../support/bootstrap.ts";
import { FakeRunner } from "../../support/fake-runner.ts";
import { standIns } from "../../support/stand-ins.ts";
import { execute } from "../../../toolchain/execute.ts";

const stock = blankFacts({ name: "w1" });
const signal = new AbortController().signal;

function factsWith(changes: Partial<PackageFacts>): HostFacts {
  return { ...stock, packages: { ...stock.packages, ...changes } };
}

async function apply(facts: HostFacts, runner: FakeRunner): Promise<string[]> {
  const heard: string[] = [];
  for (const { work } of packages.plan(blankView("worker", { facts }))) {
    await work({ runner, signal, log: (line) => heard.push(line) });
  }
  return heard;
}

describe("the packages phase", () => {
  it("waits for the process that holds the package manager, which it names", async () => {
    const facts = factsWith({ holders: ["unattended-upgr (812)"] });
    const answers = ["unattended-upgr (812)\n", ""];
    const runner = new FakeRunner("w1", [
      [/find \/proc/, () => answers.shift() ?? ""],
      [/--unit=keelson-run-packages/, ""],
    ]);
    const [intent] = packages.plan(blankView("worker", { facts })).map((change) => change.intent);

    await apply(facts, runner);

    assert.equal(intent, "wait until the package manager is free: unattended-upgr (812)");
    assert.match(runner.commands.at(-1) ?? "", /keelson-run-packages/);
    assert.deepEqual(answers, []);
  });

  const failures = [
    [
      "apt",
      "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)",
      "KEELSON_LOCKED",
    ],
    ["apt", "E: Failed to fetch http://deb.example/x.deb  403  Forbidden", "KEELSON_HOST_NO_PACKAGES"],
    ["apt", "dpkg: error processing package ipset (--configure)", "KEELSON_COMMAND_FAILED"],
    ["dnf", "Error: Unable to find a match: ipset", "KEELSON_HOST_NO_PACKAGES"],
    ["zypper", "System management is locked by the application with pid 977 (zypper).", "KEELSON_LOCKED"],
  ] as const;
  for (const [manager, said, code] of failures) {
    it(`takes "${said}" of ${manager} for ${code}`, async () => {
      const runner = new FakeRunner("w1", [
        [/--unit=keelson-run-packages/, { exitCode: 100, stderr: `Reading lists\n${said}\nE: again\n` }],
      ]);

      await assert.rejects(apply(factsWith({ manager }), runner), { code });
    });
  }

  it("installs SELinux' policy for containers where SELinux is on, and AppArmor's parser where that is", () => {
    const intents = (changes: Partial<HostFacts>): readonly string[] =>
      packages.plan(blankView("worker", { facts: { ...stock, ...changes } })).map(({ intent }) => intent);
    const redhat = {
      ...factsWith({ manager: "dnf" }),
      security: { ...stock.security, selinux: "permissive" as const },
    };

    assert.match(intents(redhat).join(), /container-selinux/);
    assert.match(intents({ security: { ...stock.security, apparmor: true } }).join(), /apparmor/);
    assert.doesNotMatch(intents({}).join(), /apparmor|selinux/);
  });

  for (const names of [["haproxy"], ["apparmor", "haproxy"]]) {
    it(`installs ${names.join(" and ")} and starts ${names.includes("apparmor") ? "AppArmor alone" : "no service"}`, async () => {
      const programs = await standIns({
        // As a package's script would; systemctl itself says that it is offline and does nothing.
        "apt-get": `case "$*" in *install*) systemctl start haproxy.service;; esac`,
        ls: `[ "$1" != /var/lib/apt/lists ] || echo main_Packages`,
        systemctl: `[ "$SYSTEMD_OFFLINE" = 1 ] || echo "$*"`,
      });
      try {
        const env = { ...process.env, PATH: `${programs.path}:${process.env["PATH"] ?? ""}` };

        const { code, stdout } = await execute("sh", ["-c", packageManagers.apt.install(names)], { env });

        assert.equal(code, 0);
        assert.equal(stdout, names.includes("apparmor") ? "start apparmor.service\n" : "");
      } finally {
        await programs.remove();
      }
    });
  }
});
