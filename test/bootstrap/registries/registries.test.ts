import assert from "node:assert/strict";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { judgeHost } from "../../../bootstrap/judge.ts";
import { parseRegistries } from "../../../bootstrap/registries/facts.ts";
import { registryFiles } from "../../../bootstrap/registries/hosts-file.ts";
import { registries } from "../../../bootstrap/registries/phase.ts";
import { readSections } from "../../../bootstrap/facts/sections.ts";
import { sha256 } from "../../../bootstrap/view.ts";
import type { HostView } from "../../../bootstrap/view.ts";
import type { RegistryFile } from "../../../clusters/facts.ts";
import { registryProblems } from "../../../clusters/settings/registries.ts";
import type { Registries } from "../../../clusters/settings/registries.ts";
import { blankView, cluster } from "../../support/bootstrap.ts";
import { FakeRunner } from "../../support/fake-runner.ts";

const folder = "/etc/containerd/certs.d";
const ca = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const auth = { username: "robot", password: "hunter2" };
const wanted: Registries = {
  "docker.io": { mirrors: [{ url: "https://mirror.example.org/v2/hub", auth, ca }] },
  "registry.example.org:5000": { auth },
};

function viewOf(declared: Registries, found: Readonly<Record<string, RegistryFile>> = {}): HostView {
  const facts = { ...blankFacts({ name: "w1" }), registries: found };
  return blankView("worker", { facts, cluster: { ...cluster, registries: declared } });
}

function found(declared: Registries): Record<string, RegistryFile> {
  const files = Object.entries(declared).flatMap(([name, registry]) => registryFiles(name, registry));
  return Object.fromEntries(
    files.map(({ path, content, mode = 0o644 }) => [
      path,
      { sha256: sha256(content), mode: mode.toString(8), isOurs: true },
    ]),
  );
}

describe("registries", () => {
  const intentsOf = (...given: Parameters<typeof viewOf>): readonly string[] =>
    registries.plan(viewOf(...given)).map(({ intent }) => intent);

  it("are files that only root reads, with mirrors, authorities and credentials", () => {
    const [hosts, authority] = registryFiles("docker.io", wanted["docker.io"] ?? {});
    assert.deepEqual([hosts?.path, hosts?.mode], [`${folder}/docker.io/hosts.toml`, 0o600]);
    assert.equal(
      hosts?.content,
      `# Written by keelson.
server = "https://registry-1.docker.io"

[host."https://mirror.example.org/v2/hub"]
capabilities = ["pull", "resolve"]
override_path = true
ca = "${authority?.path ?? ""}"
[host."https://mirror.example.org/v2/hub".header]
Authorization = "Basic ${Buffer.from("robot:hunter2").toString("base64")}"
`,
    );
    assert.equal(authority?.content, ca);
  });

  it("are set where they lack or differ, and nothing is left to do then", () => {
    assert.deepEqual(intentsOf(wanted), ["set the registries docker.io, registry.example.org:5000"]);
    assert.deepEqual(intentsOf(wanted, found(wanted)), []);
    const { "docker.io": hub } = wanted;
    const other = { ...wanted, "registry.example.org:5000": { auth: { ...auth, password: "hunter3" } } };
    assert.ok(hub);
    assert.deepEqual(intentsOf(other, found(wanted)), ["set the registries registry.example.org:5000"]);
  });

  it("are forgotten with the program, but for what others wrote", async () => {
    const theirs = { [`${folder}/quay.io/hosts.toml`]: { sha256: "", mode: "644", isOurs: false } };
    const [change, ...more] = registries.plan(viewOf({}, { ...found(wanted), ...theirs }));
    assert.equal(
      change?.intent,
      "forget what was set for the registries docker.io, registry.example.org:5000",
    );
    assert.deepEqual(more, []);
    const runner = new FakeRunner("w1", [[/^rm -f/, ""]]);
    await change.work({ runner, signal: new AbortController().signal, log: () => undefined });
    assert.doesNotMatch(runner.commands.join(), /quay\.io/);
  });

  it("never take the place of somebody else's, and say so before anything is touched", () => {
    const theirs = { [`${folder}/docker.io/hosts.toml`]: { sha256: "", mode: "644", isOurs: false } };
    const view = viewOf(wanted, theirs);
    const problems = judgeHost({ ...view, caSha256: undefined });
    assert.match(problems.map(({ message }) => message).join(), /docker\.io\/hosts\.toml is there already/);
  });

  it("keep passwords out of command lines and intents", async () => {
    const runner = new FakeRunner("w1");
    for (const { intent, work } of registries.plan(viewOf(wanted))) {
      assert.doesNotMatch(intent, /hunter2/);
      await work({ runner, signal: new AbortController().signal, log: () => undefined });
    }
    assert.deepEqual(runner.commands, []);
    assert.equal(runner.modes.get(`${folder}/docker.io/hosts.toml`), 0o600);
  });

  it("are read with their owner", () => {
    const sections = readSections(
      `\u001eourRegistries\n${folder}/docker.io/hosts.toml\n\u001eregistries\nab 600 ${folder}/docker.io/hosts.toml\n- 644 ${folder}/quay.io/hosts.toml\n\u001eend\n`,
    );
    assert.deepEqual(parseRegistries(sections), {
      [`${folder}/docker.io/hosts.toml`]: { sha256: "ab", mode: "600", isOurs: true },
      [`${folder}/quay.io/hosts.toml`]: { sha256: "-", mode: "644", isOurs: false },
    });
  });
});

describe("registryProblems", () => {
  it("accepts mirrors, credentials and authorities", () => {
    assert.deepEqual(
      registryProblems({ ...wanted, _default: { mirrors: [{ url: "http://10.0.0.1:5000" }] } }),
      [],
    );
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["a name with a scheme", { "https://docker.io": { ca } }, /not a registry's name/],
    ["a registry about which nothing is said", { "docker.io": {} }, /none of mirrors, auth and ca/],
    ["a mirror that is no address", { "docker.io": { mirrors: [{ url: "mirror" }] } }, /not an http address/],
    [
      "a password of several lines",
      { "docker.io": { auth: { ...auth, password: "a\nhunter2" } } },
      /not a password/,
    ],
    ["an authority that is no certificate", { "docker.io": { ca: "hunter2" } }, /certificate in PEM form/],
  ];
  for (const [what, declared, expected] of refused) {
    it(`refuses ${what}`, () => {
      const message = registryProblems(declared as Registries)[0]?.message ?? "";
      assert.match(message, expected);
      if (what.includes("password")) assert.doesNotMatch(message, /hunter2/);
    });
  }
});
