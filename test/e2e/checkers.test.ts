import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { readDefinitions } from "../../scripts/kubernetes/custom.ts";
import { goModule, readSpec, releases } from "../../scripts/kubernetes/spec.ts";
import { checkerArtifact } from "../../toolchain/checkers.ts";
import { findCritical, ignoredChecks } from "../support/checkers/kube-score.ts";
import { findInvalid, writeCustomSchemas, writeSchemas } from "../support/checkers/kubeconform.ts";
import { findForbidden } from "../support/checkers/pod-security.ts";
import { corpus, renderSample } from "../support/corpus.ts";

interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
}

describe("What others' checkers say of the constructs", function () {
  this.timeout(300_000);

  const samples = corpus();
  // A namespace each, so that no sample is judged by the objects of another one.
  const objects = samples.flatMap((sample, index) => renderSample(sample, `sample-${index}`)) as Rendered[];
  const minors = releases.map((release) => release.replace(/\.\d+$/, ""));
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-schemas-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("is that Pod Security restricted admits every pod, on each minor", async () => {
    for (const minor of minors) {
      const forbidden = await findForbidden(objects, { level: "restricted", version: `v${minor}` });
      assert.equal(forbidden.length, objects.length);
      assert.deepEqual([...new Set(forbidden.filter(Boolean))], []);
    }
  });

  it("is that kube-score finds nothing critical, but for the checks that are argued away", async () => {
    assert.deepEqual(await findCritical(objects), []);
    for (const reason of Object.values(ignoredChecks)) assert.ok(reason.length > 20);
  });

  for (const release of releases) {
    it(`is that kubeconform takes every object strictly, by the schemas of ${release}`, async () => {
      const module = goModule("k8s.io/kubernetes", release, true);
      assert.ok(module);
      const schemas = join(folder, release);
      const kinds = new Set(objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
      await writeSchemas(readSpec(module, release), kinds, schemas);
      await writeCustomSchemas(readDefinitions(true) ?? [], schemas);
      assert.deepEqual([...new Set(await findInvalid(objects, schemas))], []);
      const wrong = { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { port: 80 } };
      assert.match((await findInvalid([wrong], schemas)).join("\n"), /Service a: .*port/);
    });
  }

  it("can be believed: Pod Security judges upstream's own fixtures as upstream does", async () => {
    const { version } = checkerArtifact("pod-security");
    const module = goModule("k8s.io/pod-security-admission", version, true);
    assert.ok(module);
    let judged = 0;
    for (const level of ["baseline", "restricted"] as const) {
      for (const minor of ["v1.34", "v1.35"]) {
        for (const verdict of ["pass", "fail"]) {
          const fixtures = await readFixtures(join(module, "test/testdata", level, minor, verdict));
          const forbidden = await findForbidden(fixtures, { level, version: minor });
          const wrong = forbidden.filter((reason) => (reason === "") !== (verdict === "pass"));
          assert.deepEqual(wrong, [], `${level} ${minor} ${verdict}`);
          judged += fixtures.length;
        }
      }
    }
    assert.ok(judged > 200, `${judged} fixtures were judged`);
  });

  it("can be believed: kube-score calls a careless pod critical", async () => {
    const careless = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "careless", namespace: "shop" },
      spec: { containers: [{ name: "app", image: "app:latest" }] },
    };
    const found = await findCritical([careless]);
    for (const id of ["container-image-tag", "container-resources", "pod-networkpolicy"]) {
      assert.ok(
        found.some((line) => line.includes(id)),
        `${id} in ${found.join("\n")}`,
      );
    }
  });
});

async function readFixtures(folder: string): Promise<readonly object[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
  return await Promise.all(
    names.map(async (name) => asStored(parse(await readFile(join(folder, name), "utf8")) as Fixture)),
  );
}

interface Fixture {
  readonly spec: { readonly volumes?: readonly { readonly name: string }[] };
}

// Before it judges, the API server makes an empty directory of a volume that does not say what it is.
function asStored(pod: Fixture): object {
  const volumes = pod.spec.volumes?.map((volume) =>
    Object.keys(volume).length === 1 ? { ...volume, emptyDir: {} } : volume,
  );
  return volumes === undefined ? pod : { ...pod, spec: { ...pod.spec, volumes } };
}
