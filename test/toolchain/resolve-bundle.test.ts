import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { filesFor } from "../../toolchain/bundle.ts";
import type { Bundle } from "../../toolchain/bundle.ts";
import { composeImage, writeLayer } from "../../toolchain/oci.ts";
import { resolveArtifact } from "../../toolchain/resolve.ts";
import { resolveBundle } from "../../toolchain/resolve-bundle.ts";
import type { BundleMakers } from "../../toolchain/resolve-bundle.ts";
import { sha256 } from "./support/file-server.ts";

describe("resolveBundle", () => {
  let directory: string;
  let made: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson-bundle-"));
    made = [];
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const makers: BundleMakers = {
    program: (artifact, toolchain) =>
      resolveArtifact(artifact, toolchain, {
        download: () => Promise.reject(new KeelsonError("KEELSON_DOWNLOAD_FAILED", "no network")),
        build: async ({ name, files }, output) => {
          made.push(name);
          for (const file of files) await writeFile(join(output, file), `program ${file}`);
        },
      }),
    image: async ({ name, config }, blobs) => {
      made.push(name);
      const entries = [{ kind: "bytes", path: "program", content: Buffer.from(name) }] as const;
      const layer = await writeLayer(entries, join(blobs, sha256(name)));
      return { name, image: composeImage([layer], config, "amd64"), source: "build" };
    },
  };

  const resolve = async (version = "1.35.4"): Promise<Bundle> =>
    resolveBundle(version, { cache: directory, sources: ["cache", "build"], env: {} }, makers);

  it("holds every file as its record says, readable for all", async () => {
    const bundle = await resolve();
    for (const file of bundle.files) {
      const path = join(bundle.directory, file.path);
      assert.equal(sha256(await readFile(path)), file.sha256, file.name);
      assert.equal((await stat(path)).size, file.size);
      assert.equal((await stat(path)).mode & 0o444, 0o444, file.name);
    }
    const record = JSON.parse(await readFile(join(bundle.directory, "bundle.json"), "utf8")) as Bundle;
    assert.deepEqual({ ...record, directory: bundle.directory }, bundle);
  });

  it("gives workers no images and no clients of the control plane", async () => {
    const bundle = await resolve();
    const names = filesFor(bundle, "worker").map(({ name }) => name);
    assert.ok(names.includes("kubelet") && names.includes("calico") && names.includes("node-images"));
    for (const name of ["kubectl", "etcdctl", "control-plane-images"]) assert.ok(!names.includes(name), name);
    assert.equal(filesFor(bundle, "controlPlane").length, bundle.files.length);
  });

  it("names the images that kubeadm and the manifests expect", async () => {
    const { files, images } = await resolve();
    const inArchives = files.flatMap((file) => file.images ?? []);
    for (const name of Object.values(images) as string[]) assert.ok(inArchives.includes(name), name);
    assert.ok(inArchives.includes("registry.k8s.io/kube-apiserver:v1.35.4"));
    assert.equal(images.etcd, "registry.k8s.io/etcd:3.6.6-0");
    assert.equal(images.coredns, "registry.k8s.io/coredns/coredns:v1.13.1");
  });

  it("makes nothing the second time", async () => {
    const first = await resolve();
    made = [];
    assert.deepEqual(await resolve(), first);
    assert.deepEqual(made, []);
  });

  it("makes only what is damaged, and puts the same content back", async () => {
    const first = await resolve();
    const kubelet = join(first.directory, "bin/kubelet");
    made = [];
    await truncate(kubelet, 4);
    assert.deepEqual(await resolve(), first);
    assert.equal(await readFile(kubelet, "utf8"), "program kubelet");
    assert.deepEqual(
      made.filter((name) => !name.includes("/")),
      ["kubernetes-node"],
    );
  });

  it("does not trust an image archive that changed", async () => {
    const first = await resolve();
    const archive = join(first.directory, "images/node-images.tar");
    const content = await readFile(archive);
    content[1000] = (content[1000] ?? 0) ^ 1;
    await writeFile(archive, content);
    assert.deepEqual(await resolve(), first);
    const record = first.files.find(({ name }) => name === "node-images");
    assert.equal(sha256(await readFile(archive)), record?.sha256);
  });

  it("begins anew where a killed run left half a bundle", async () => {
    const first = await resolve();
    await rm(join(first.directory, "bundle.json"));
    await mkdir(join(directory, "bundles/1.35.4-of-another-recipe.tmp"));
    assert.deepEqual(await resolve(), first);
    assert.deepEqual(await readdir(join(directory, "bundles")), [first.directory.split("/").at(-1)]);
  });

  it("is made once for two that want it at the same time", async () => {
    const [one, two] = await Promise.all([resolve(), resolve()]);
    assert.deepEqual(one, two);
    assert.equal(new Set(made).size, made.length);
  });

  it("has the same digest wherever it is made", async () => {
    const first = await resolve();
    await rm(directory, { recursive: true });
    assert.equal((await resolve()).digest, first.digest);
  });

  it("lists the versions that there are when another is asked for", async () => {
    await assert.rejects(resolve("1.2.3"), (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_ARTIFACT_UNAVAILABLE");
      assert.match(error.message, /^Cannot prepare Kubernetes "1.2.3": available are "1.35.4"/);
      return true;
    });
  });
});
