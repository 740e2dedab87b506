import assert from "node:assert/strict";
import { chooseBeginning } from "../../bootstrap/choose-beginning.ts";
import type { Candidate } from "../../bootstrap/choose-beginning.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { paths } from "../../bootstrap/paths.ts";
import type { KubernetesFacts } from "../../clusters/facts.ts";
import { type Problem, ProblemsError } from "../../errors.ts";
import { cluster, identity } from "../support/bootstrap.ts";

const whole = { initialized: identity.clusterId, etcdData: true, kubeletConf: true };
const begun = { [paths.initConfig]: { sha256: "", mode: "600" } };

function host(name: string, held: Partial<KubernetesFacts> = {}, files = {}): Candidate {
  const facts = blankFacts({ name });
  return { name, facts: { ...facts, files, kubernetes: { ...facts.kubernetes, ...held } } };
}

function silent(name: string): Candidate {
  return { name, facts: undefined };
}

describe("chooseBeginning", () => {
  for (const [title, candidates, options, expected] of [
    ["begins on the first of blank hosts", [host("cp1"), host("cp2"), host("cp3")], {}, "cp1"],
    [
      "does not begin where one host holds the whole",
      [host("cp1"), silent("cp2"), host("cp3", whole)],
      {},
      undefined,
    ],
    [
      "completes the one that was cut off",
      [host("cp1"), host("cp2", { manifests: ["etcd.yaml"] }, begun)],
      {},
      "cp2",
    ],
    [
      "completes one that was cut off before it left anything",
      [host("cp1"), host("cp2", {}, begun)],
      {},
      "cp2",
    ],
    [
      "does not begin where an unfinished one votes in a quorum",
      [host("cp4"), { ...host("cp2", { etcdData: true }), votes: true }],
      { exists: true },
      undefined,
    ],
    [
      "completes the first one although it votes in a quorum of its own",
      [{ ...host("cp1", { etcdData: true }, begun), votes: true }, host("cp2")],
      {},
      "cp1",
    ],
    ["begins anew if the user allows it", [host("cp1")], { exists: true, allowNewCluster: true }, "cp1"],
    [
      "completes one with data after the cluster was up",
      [host("cp1", { etcdData: true }, begun)],
      { exists: true },
      "cp1",
    ],
  ] as const) {
    it(title, () => {
      assert.equal(chooseBeginning({ cluster, identity, ...options }, candidates), expected);
    });
  }

  for (const [title, candidates, options, expected] of [
    ["a silent host", [host("cp1"), silent("cp2"), host("cp3")], {}, [["cp2", "KEELSON_CLUSTER_MAY_EXIST"]]],
    [
      "two beginnings",
      [host("cp1", {}, begun), host("cp2", {}, begun), host("cp3")],
      {},
      [
        ["cp1", "KEELSON_PARTIAL_INIT"],
        ["cp2", "KEELSON_PARTIAL_INIT"],
      ],
    ],
    [
      "parts of a cluster that no host holds as a whole",
      [host("cp1"), host("cp2", { etcdData: true })],
      {},
      [["cp2", "KEELSON_CLUSTER_MAY_EXIST"]],
    ],
    ["a cluster that was up", [host("cp1")], { exists: true }, [["cp1", "KEELSON_CLUSTER_MAY_EXIST"]]],
    [
      "a cluster that was up on a host that has lost its data",
      [host("cp1", { initialized: identity.clusterId }, begun)],
      {},
      [["cp1", "KEELSON_CLUSTER_MAY_EXIST"]],
    ],
  ] as const) {
    it(`refuses ${title}`, () => {
      const problems = problemsOf(() => chooseBeginning({ cluster, identity, ...options }, candidates));

      assert.deepEqual(
        problems.map(({ where, code }) => [where, code]),
        expected,
      );
    });
  }
});

function problemsOf(work: () => unknown): readonly Problem[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  return [];
}
