import assert from "node:assert/strict";
import { describeFindings, type Finding, findingsOf, toSarif } from "../../constructs/index.ts";
import { webService } from "../support/constructs.ts";

const allow = [{ code: "single-replica", reason: "holds a lock" }] as const;

describe("Findings as SARIF", () => {
  it("name the rule, the place and the fix", () => {
    const log = toSarif(findings({ port: 0 }), { program: "src/my app.ts" });
    const [run] = log.runs;
    const [result, ...more] = run?.results ?? [];
    assert.deepEqual(more, []);
    assert.equal(log.version, "2.1.0");
    assert.deepEqual(run?.tool.driver.rules, [
      { id: "invalid-value", defaultConfiguration: { level: "error" } },
    ]);
    assert.partialDeepStrictEqual(result, {
      ruleId: "invalid-value",
      ruleIndex: 0,
      level: "error",
      message: { text: "shop/web port: 0 is not a whole number from 1 to 65535\nCorrect the number" },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: "src/my%20app.ts" }, region: { startLine: 1 } },
          logicalLocations: [{ name: "port", fullyQualifiedName: "shop/web:port", kind: "member" }],
        },
      ],
      partialFingerprints: { "keelson/v1": "invalid-value shop/web port" },
    });
    assert.ok(!("suppressions" in (result ?? {})));
  });

  it("are marked as suppressed, with the reason, where an exception covers them", () => {
    const excused = findings({ replicas: 1, allow }, true);
    const [result] = toSarif(excused, { program: "main.ts" }).runs[0]?.results ?? [];
    assert.deepEqual(result?.suppressions, [{ kind: "inSource", justification: "holds a lock" }]);
  });

  it("refer to each rule once, by its index", () => {
    const all = findings({ port: 0, replicas: 1, health: undefined, image: "web:latest" });
    const [run] = toSarif(all, { program: "main.ts" }).runs;
    const ids = run?.tool.driver.rules.map(({ id }) => id) ?? [];
    assert.deepEqual(ids, [...new Set(ids)].toSorted());
    for (const { ruleId, ruleIndex } of run?.results ?? []) assert.equal(ids[ruleIndex], ruleId);
    assert.equal(run?.results.length, all.length);
  });
});

describe("Findings as text", () => {
  it("have errors first, and say which exception covers them", () => {
    const text = describeFindings(findings({ port: 0, replicas: 1, allow }, true));
    assert.deepEqual(text.split("\n"), [
      "error shop/web port: 0 is not a whole number from 1 to 65535 [invalid-value]",
      "      Correct the number",
      "excused shop/web replicas: one pod cannot outlive its node, and each drain interrupts the service [single-replica]",
      "      Excused: holds a lock",
    ]);
  });
});

function findings(props: object, excused = false): readonly Finding[] {
  return findingsOf(webService(props).node.root, { excused });
}
