import assert from "node:assert/strict";

import { checkImports } from "../../scripts/gates/imports.ts";

/** A tree whose every other file is empty. */
function problemsOf(tree: Readonly<Record<string, string>>): readonly string[] {
  return checkImports(new Map(Object.entries(tree)));
}

describe("checkImports()", () => {
  const refused: readonly (readonly [title: string, path: string, text: string, reason: RegExp])[] = [
    ["errors importing anything", "errors.ts", 'import "./clusters/a.ts";', /errors may import nothing/],
    ["clusters importing remote", "clusters/a.ts", 'import "../remote/b.ts";', /clusters may import errors/],
    [
      "a type import against the direction",
      "remote/a.ts",
      'import type { B } from "../kube/b.ts";',
      /remote may import/,
    ],
    [
      "a re-export against the direction",
      "kube/a.ts",
      'export * from "../bootstrap/b.ts";',
      /kube may import/,
    ],
    [
      "a dynamic import against the direction",
      "kube/a.ts",
      'await import("../stacks/b.ts");',
      /kube may import/,
    ],
    [
      "an import type against the direction",
      "kube/a.ts",
      'let x: import("../stacks/b.ts").X;',
      /kube may import/,
    ],
    [
      "bootstrap importing machines",
      "bootstrap/phases/a.ts",
      'import "../../machines/b.ts";',
      /bootstrap may import/,
    ],
    ["stacks importing cli", "stacks/a.ts", 'import "../cli/b.ts";', /stacks may import/],
    ["the product importing its tests", "kube/a.ts", 'import "../test/support/b.ts";', /kube may import/],
    [
      "a file of the constructs that does not ship",
      "stacks/a.ts",
      'import { x } from "../constructs/core/b.ts";',
      /does not ship as a file of its own/,
    ],
    ["a path out of the repository", "kube/a.ts", 'import "../../b.ts";', /outside the repository/],
    ["Pulumi outside stacks", "bootstrap/a.ts", 'import "@pulumi/pulumi/proto/x.js";', /under stacks\/ only/],
    [
      "the Kubernetes client outside kube",
      "stacks/a.ts",
      'import "@kubernetes/client-node";',
      /under kube\/ only/,
    ],
    [
      "a value of the profile in constructs",
      "constructs/a.ts",
      'import { x } from "../clusters/profile.ts";',
      /import type/,
    ],
    [
      "other data of clusters in constructs",
      "constructs/a.ts",
      'import type { X } from "../clusters/cluster.ts";',
      /constructs may/,
    ],
    [
      "a package of Node in constructs",
      "constructs/a.ts",
      'import "node:fs";',
      /packages cdk8s and constructs only/,
    ],
    [
      "a package with a like name",
      "constructs/a.ts",
      'import "cdk8s-plus-33";',
      /packages cdk8s and constructs only/,
    ],
  ];
  for (const [title, path, text, reason] of refused) {
    it(`refuses ${title}`, () => {
      const [problem, ...more] = problemsOf({ [path]: `\n${text}` });

      assert.match(problem ?? "", reason);
      assert.ok(problem?.startsWith(`${path}:2: `));
      assert.deepEqual(more, []);
    });
  }

  it("refuses a second file that imports ssh2, except in tests", () => {
    const importer = 'import { Client } from "ssh2";';

    assert.deepEqual(problemsOf({ "remote/a.ts": importer, "test/support/ssh-server.ts": importer }), []);
    assert.match(
      problemsOf({ "remote/a.ts": importer, "remote/b.ts": importer })[0] ?? "",
      /a.ts, remote\/b.ts/,
    );
  });

  it("names a circle of run-time imports once, and lets type imports close one", () => {
    const value = { "kube/a.ts": 'import "./b.ts";', "kube/b.ts": 'import { a } from "./a.ts";' };
    const type = { ...value, "kube/b.ts": 'import type { a } from "./a.ts";' };

    assert.deepEqual(problemsOf(value), ["kube/a.ts -> kube/b.ts -> kube/a.ts: Cannot import in a circle"]);
    assert.deepEqual(problemsOf(type), []);
  });

  it("accepts every direction that the house has", () => {
    const problems = problemsOf({
      "errors.ts": "",
      "clusters/a.ts": 'import { KeelsonError } from "../errors.ts"; import ip from "ipaddr.js";',
      "remote/a.ts": 'import type { Cluster } from "../clusters/a.ts"; import { connect } from "node:net";',
      "bootstrap/a.ts": 'import { a } from "../kube/a.ts"; import { b } from "../remote/a.ts";',
      "constructs/a.ts":
        'import type { P } from "../clusters/profile.ts"; import { ApiObject } from "cdk8s";',
      "stacks/a.ts":
        'import meta from "../package.json" with { type: "json" }; import * as pulumi from "@pulumi/pulumi";',
      "test/a.test.ts": 'import "../stacks/a.ts"; import "@pulumi/pulumi"; import "@kubernetes/client-node";',
    });

    assert.deepEqual(problems, []);
  });
});
