import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { CommandError, KeelsonError, ProblemsError, errorCodes, throwIfAborted } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

describe("the error table", () => {
  const sections = readFileSync("docs/errors.md", "utf8").split(/^## /m).slice(1);
  const entries = new Map(sections.map((text) => [text.split("\n", 1)[0] ?? "", text] as const));
  const codes = Object.keys(errorCodes) as ErrorCode[];

  it("has an entry on the page for every code, in its own order, and no other", () => {
    assert.deepEqual([...entries.keys()].sort(), [...codes].sort());
    assert.equal(entries.size, sections.length);
  });

  for (const code of codes) {
    it(`explains ${code} and says what to do`, () => {
      const paragraphs = (entries.get(code) ?? "").trim().split(/\n{2,}/);

      assert.equal(paragraphs.length, 3, "a title, what it means, what to do");
      for (const paragraph of paragraphs.slice(1)) assert.match(paragraph, /^[\s\S]{20,}\.$/);
    });
  }

  it("gives advice as a sentence without a period", () => {
    for (const advice of Object.values(errorCodes)) assert.match(advice, /^[A-Z].*[^.]$/);
  });
});

describe("KeelsonError", () => {
  it("takes its advice from the table unless another is given", () => {
    assert.equal(new KeelsonError("KEELSON_LOCKED", "Cannot x: y").fix, errorCodes.KEELSON_LOCKED);
    assert.equal(new KeelsonError("KEELSON_LOCKED", "Cannot x: y", { fix: "Wait" }).fix, "Wait");
  });

  it("is known across copies of the package, and nothing else is", () => {
    const ofAnotherCopy = Object.assign(new Error("x"), { [Symbol.for("keelson.error")]: true });

    assert.ok(KeelsonError.is(ofAnotherCopy));
    for (const value of [new Error("x"), undefined, null, "KEELSON_LOCKED", {}])
      assert.ok(!KeelsonError.is(value));
  });

  it("keeps its cause, and has none of its own making", () => {
    const cause = new Error("below");

    assert.equal(new KeelsonError("KEELSON_INTERNAL", "Cannot x: y", { cause }).cause, cause);
    assert.ok(!("cause" in new KeelsonError("KEELSON_INTERNAL", "Cannot x: y")));
  });
});

describe("CommandError", () => {
  const details = {
    host: "node-1",
    command: "kubeadm init",
    exitCode: 1,
    stdout: "",
    stderr: "trying\nno space left\n",
  };

  it("shows the last line of stderr and keeps the rest", () => {
    const error = new CommandError(details);

    assert.equal(error.message, 'Cannot run "kubeadm init" on node-1: exit code 1 (no space left)');
    assert.equal(error.stderr, "trying\nno space left\n");
  });

  it("falls back to stdout, and to the exit code alone", () => {
    assert.match(
      new CommandError({ ...details, stderr: "", stdout: "a\nb\n" }).message,
      /exit code 1 \(b\)$/,
    );
    assert.match(new CommandError({ ...details, stderr: "" }).message, /exit code 1$/);
  });

  it("cuts a long command", () => {
    const error = new CommandError({ ...details, command: "x".repeat(500) });

    assert.match(error.message, /^Cannot run "x{117}\.\.\."/);
    assert.equal(error.command.length, 500);
  });
});

describe("ProblemsError", () => {
  it("lists every problem with its place, its code and its fix", () => {
    const error = new ProblemsError('use cluster "edge"', [
      { code: "KEELSON_HOST_TOO_SMALL", where: "w1", message: "has 512 MiB, needs at least 700 MiB" },
      {
        code: "KEELSON_HOST_PORT_TAKEN",
        where: "w2",
        message: '"nginx" listens on port 10250',
        fix: "Stop nginx",
      },
    ]);

    assert.deepEqual(error.message.split("\n"), [
      'Cannot use cluster "edge": 2 problems',
      "- w1: has 512 MiB, needs at least 700 MiB [KEELSON_HOST_TOO_SMALL]",
      `  ${errorCodes.KEELSON_HOST_TOO_SMALL}`,
      '- w2: "nginx" listens on port 10250 [KEELSON_HOST_PORT_TAKEN]',
      "  Stop nginx",
    ]);
  });
});

describe("throwIfAborted()", () => {
  it("throws for an aborted signal only", () => {
    throwIfAborted(undefined, "wait");
    throwIfAborted(new AbortController().signal, "wait");

    assert.throws(
      () => {
        throwIfAborted(AbortSignal.abort(), "wait");
      },
      { code: "KEELSON_ABORTED", message: "Cannot wait: the run was cancelled" },
    );
  });
});
