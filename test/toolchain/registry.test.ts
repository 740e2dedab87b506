import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { hostTarget } from "../../toolchain/artifact.ts";
import { parseName, pullImage } from "../../toolchain/registry.ts";
import { settings } from "../../toolchain/settings.ts";
import type { Toolchain } from "../../toolchain/settings.ts";
import { FileServer, sha256 } from "./support/file-server.ts";

describe("pullImage", () => {
  const server = new FileServer();
  const name = "registry.example/group/image:1.2";
  const { os, arch: architecture } = hostTarget();
  let directory: string;

  before(async () => {
    await server.start();
  });
  after(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson-registry-"));
    server.requests.length = 0;
    server.twist = () => false;
    server.files.clear();
    server.files.set("/v2/", "{}");
    const [config, layer] = [put("blobs", "{}"), put("blobs", "layer")];
    const manifest = put("manifests", JSON.stringify({ config, layers: [layer] }));
    const other = { ...put("manifests", "{}"), platform: { os, architecture: "s390x" } };
    const manifests = [other, { ...manifest, platform: { os, architecture } }];
    server.files.set("/v2/group/image/manifests/1.2", JSON.stringify({ manifests }));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  /** Stores content under its digest and returns its descriptor. */
  function put(kind: string, content: string): { digest: string; size: number; mediaType: string } {
    const digest = `sha256:${sha256(content)}`;
    server.files.set(`/v2/group/image/${kind}/${digest}`, content);
    return { digest, size: content.length, mediaType: `test/${kind}` };
  }

  function toolchain(): Toolchain {
    return settings({ cache: directory, env: {}, places: { registry: server.url } });
  }

  it("takes the manifest of this processor, and its blobs", async () => {
    const { config, layers } = await pullImage(name, toolchain());
    assert.equal(config.digest, `sha256:${sha256("{}")}`);
    assert.equal(await readFile(layers[0]!.path, "utf8"), "layer");
  });

  it("asks for no blob that it has", async () => {
    await pullImage(name, toolchain());
    server.requests.length = 0;
    await pullImage(name, toolchain());
    assert.deepEqual(
      server.requests.filter((request) => request.includes("/blobs/")),
      [],
    );
  });

  it("gets the token that the registry asks for", async () => {
    server.files.set("/token?service=here&scope=repository%3Agroup%2Fimage%3Apull", '{"token":"opensesame"}');
    server.twist = (request, response) => {
      if (request.url?.startsWith("/token") || request.headers.authorization === "Bearer opensesame")
        return false;
      const challenge = `Bearer realm="${server.url}/token",service="here"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return true;
    };
    assert.equal((await pullImage(name, toolchain())).layers.length, 1);
  });

  it("refuses a blob that is not what its digest says", async () => {
    server.files.set(`/v2/group/image/blobs/sha256:${sha256("layer")}`, "forge");
    await rejectsWith(pullImage(name, toolchain()), "KEELSON_CHECKSUM_MISMATCH");
  });

  it("refuses a manifest that is not what its digest says", async () => {
    server.twist = (request, response) => {
      if (!request.url?.includes("/manifests/sha256:")) return false;
      response.end(`{"forged":true}`);
      return true;
    };
    await rejectsWith(pullImage(name, toolchain()), "KEELSON_CHECKSUM_MISMATCH");
  });

  it("says when there is no such image, or none for this processor", async () => {
    await rejectsWith(pullImage("registry.example/group/image:9", toolchain()), "KEELSON_DOWNLOAD_FAILED");
    server.files.set("/v2/group/image/manifests/1.2", '{"manifests":[]}');
    await rejectsWith(pullImage(name, toolchain()), "KEELSON_DOWNLOAD_FAILED");
  });

  async function rejectsWith(attempt: Promise<unknown>, code: string): Promise<void> {
    await assert.rejects(attempt, (error) => KeelsonError.is(error) && error.code === code);
  }
});

describe("parseName", () => {
  it("takes a name apart", () => {
    const expected = { host: "registry.k8s.io", repository: "coredns/coredns", reference: "v1.13.1" };
    assert.deepEqual(parseName("registry.k8s.io/coredns/coredns:v1.13.1"), expected);
    const digest = `sha256:${"0".repeat(64)}`;
    assert.equal(parseName(`localhost:5000/image@${digest}`).reference, digest);
  });

  it("refuses a name without registry or tag", () => {
    assert.throws(() => parseName("coredns:1"), /Cannot pull image "coredns:1"/);
    assert.throws(() => parseName("registry.k8s.io/pause"), /it is no full name/);
  });
});
