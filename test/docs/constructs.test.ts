import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiClass, type ApiText, readApi } from "../../scripts/reference/read-api.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "docs/constructs");

describe("The pages of the constructs", function () {
  this.timeout(60_000);
  const pages = new Map(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const),
  );
  let classes: readonly ApiClass[];
  let types: readonly ApiText[];

  before(() => {
    const api = readApi(root, ["constructs/index.ts"])[0]!;
    classes = api.classes.filter(({ signature }) => signature !== undefined);
    types = api.types;
  });

  const pageOf = ({ name }: ApiClass): string | undefined =>
    [...pages.values()].find((text) => new RegExp(`^# .*\\b${name}\\b`).test(text));

  it("are one for each construct, with the smallest example first", () => {
    assert.ok(classes.length >= 9);
    for (const each of classes) {
      const page = pageOf(each);
      assert.ok(page !== undefined, `${each.name} has no page`);
      assert.match(page, /^# .+\n\n```ts\n/);
      assert.match(page, new RegExp(`new ${each.name}\\(`), each.name);
    }
  });

  it("name every property of theirs, or lead to where the shared ones are", () => {
    const missing = classes.flatMap((each) => {
      const known = namedIn(withShared(pageOf(each) ?? "", pages));
      return each.props.filter(({ name }) => !known.has(name)).map(({ name }) => `${each.name}: ${name}`);
    });
    assert.deepEqual(missing, []);
  });

  it("name no property that there is not", () => {
    const all = new Set(classes.flatMap(({ props }) => props.map(({ name }) => name)));
    const table = /^\| (?:property|option)[^|]*\| is \| default \|\n\|[-|\s]+\|\n((?:\|.*\n)+)/gm;
    const named = classes.flatMap((each) =>
      [...(pageOf(each) ?? "").matchAll(table)].flatMap(([, rows = ""]) => [...namedIn(rows)]),
    );
    const strange = named.filter((name) => /^[a-z]\w*$/i.test(name) && !all.has(name));
    assert.deepEqual([...new Set(strange)], []);
    assert.ok(named.length > 20);
  });

  it("say how to leave the defaults: a patch knows the objects that the page says, and no other", () => {
    const patched = new Map<string, string[]>();
    for (const each of classes) {
      const keys = patchable(each);
      if (keys.length > 0) patched.set(pageOf(each)!, [...(patched.get(pageOf(each)!) ?? []), ...keys]);
    }
    const list = /`patch` knows ((?:`\w+`(?:,\s+|\s+and\s+)?)+)/g;
    for (const [page, keys] of patched) {
      const written = [...page.matchAll(list)].flatMap(([, names = ""]) => names.match(/\w+(?=`)/g) ?? []);
      assert.deepEqual([...new Set(written)].toSorted(), [...new Set(keys)].toSorted(), page.split("\n")[0]);
    }
    const without = classes.filter((each) => patchable(each).length === 0).map(({ name }) => name);
    assert.deepEqual(
      without.toSorted(),
      ["RawObject", "SecretRef", "VolumeRef"],
      "these render what is given, or nothing",
    );
  });

  /** The objects that the patch of a construct may name. */
  function patchable({ props }: ApiClass): readonly string[] {
    const type = props.find(({ name }) => name === "patch")?.type ?? "";
    const text = types.find(({ name }) => name === type)?.text ?? type;
    return [...text.matchAll(/readonly (\w+)\?: Patch</g)].map(([, key = ""]) => key);
  }

  it("are read from the types: a property of a union is one, a forbidden one is none", () => {
    const props = (name: string): readonly string[] =>
      classes.find((each) => each.name === name)!.props.map((each) => each.name);
    for (const name of ["image", "port", "replicas", "autoscale", "sidecars"])
      assert.ok(props("WebService").includes(name), name);
    assert.equal(props("WebService")[0], "port");
    assert.ok(!props("Job").includes("replicas"));
  });
});

/** A page with those that hold the rest of its properties: "and [what all workloads share](pods.md)" leads to one. */
function withShared(page: string, pages: ReadonlyMap<string, string>): string {
  const [, next] = /^and \[?what [^(]*\(([\w-]+\.md)\)/m.exec(page) ?? [];
  return next === undefined ? page : `${page}\n${withShared(pages.get(next) ?? "", pages)}`;
}

/** What stands in the first cells of tables as code. */
function namedIn(text: string): ReadonlySet<string> {
  const cells = [...text.matchAll(/^\| ([^|]*)/gm)].map(([, cell = ""]) => cell);
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)));
}
