import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import type { Bundle } from "../../toolchain/bundle.ts";
import { resolveImage } from "../../toolchain/images.ts";
import { defaultKubernetes, resolveBundle, resolvePulumi } from "../../toolchain/index.ts";
import { releaseOf, versions } from "../../toolchain/versions.ts";

const run = promisify(execFile);

describe("the toolchain", function () {
  this.timeout(60 * 60_000);

  describe("bundle", () => {
    let bundle: Bundle;

    before(async () => {
      bundle = await resolveBundle(defaultKubernetes);
    });

    async function ask(program: string, ...args: readonly string[]): Promise<string> {
      const { stdout, stderr } = await run(join(bundle.directory, "bin", program), args);
      return stdout + stderr;
    }

    it("holds programs of the versions that its record names", async () => {
      const { kubernetes, etcd } = releaseOf(defaultKubernetes);
      assert.equal((await ask("kubeadm", "version", "-o", "short")).trim(), `v${kubernetes}`);
      assert.match(await ask("kubelet", "--version"), new RegExp(`v${kubernetes}$`, "m"));
      assert.match(await ask("kubectl", "version", "--client"), new RegExp(`v${kubernetes}`));
      assert.match(await ask("containerd", "--version"), new RegExp(`v${versions.containerd}`));
      assert.match(await ask("runc", "--version"), new RegExp(`${versions.runc}[^]*libseccomp`));
      assert.match(await ask("etcdctl", "version"), new RegExp(etcd));
    });

    it("holds every image that kubeadm expects, by its name", async () => {
      const expected = await ask(
        "kubeadm",
        "config",
        "images",
        "list",
        "--kubernetes-version",
        `v${defaultKubernetes}`,
      );
      const held = bundle.files.flatMap(({ images }) => images ?? []);
      const missing = expected
        .trim()
        .split("\n")
        .filter((name) => !held.includes(name));
      assert.deepEqual(missing, []);
    });

    it("holds CNI plugins that speak the versions of the configuration", async () => {
      for (const { kind, path, name } of bundle.files) {
        if (kind !== "cniPlugin") continue;
        const child = spawn(join(bundle.directory, path), { env: { CNI_COMMAND: "VERSION" } });
        child.stdin.end('{"cniVersion":"1.0.0"}');
        const [[answer]] = (await Promise.all([once(child.stdout, "data"), once(child, "exit")])) as [
          [Buffer],
          unknown,
        ];
        const { supportedVersions } = JSON.parse(answer.toString()) as { supportedVersions: string[] };
        assert.ok(supportedVersions.includes("1.0.0"), name);
      }
    });
  });

  it("runs Pulumi of the version that the SDK has", async () => {
    const { program } = await resolvePulumi();
    assert.equal((await run(program, ["version"])).stdout.trim(), `v${versions.pulumi}`);
  });

  describe("demo image", () => {
    let directory: string;

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), "keelson-demo-"));
    });
    after(async () => {
      await rm(directory, { recursive: true });
    });

    it("is built from its Go module with caches of its own, and answers", async () => {
      const env = { ...process.env, KEELSON_BUILD_CACHE: undefined };
      const image = await resolveImage("demo", { cache: directory, sources: ["build"], env });
      await unpack(image.path);
      const server = spawn(join(directory, "keelson-demo"), {
        env: { PORT: "0", CLUSTER: "here", NODE_NAME: "n1" },
      });
      try {
        const lines = createInterface(server.stderr)[Symbol.asyncIterator]();
        const { value: line } = (await lines.next()) as { value?: string };
        const port = /:(\d+)$/.exec(line ?? "")?.[1];
        const answer = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Record<string, string>;
        assert.deepEqual(
          [answer["cluster"], answer["node"], answer["version"]],
          ["here", "n1", versions.demo],
        );
        assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
        assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
        server.kill("SIGTERM");
        assert.deepEqual(await once(server, "exit"), [0, null]);
      } finally {
        server.kill("SIGKILL");
      }
    });

    /** Takes the program out of the image's one layer. */
    async function unpack(archive: string): Promise<void> {
      await run("tar", ["-xf", archive, "-C", directory]);
      const read = async <T>(path: string): Promise<T> =>
        JSON.parse(await readFile(join(directory, path), "utf8")) as T;
      const blob = (digest: string): string => `blobs/sha256/${digest.replace("sha256:", "")}`;
      const { manifests } = await read<{ manifests: { digest: string }[] }>("index.json");
      const { layers } = await read<{ layers: { digest: string }[] }>(blob(manifests[0]!.digest));
      const layer = zstdDecompressSync(await readFile(join(directory, blob(layers[0]!.digest))));
      await writeFile(join(directory, "layer.tar"), layer);
      await run("tar", ["-xf", join(directory, "layer.tar"), "-C", directory, "keelson-demo"]);
    }
  });
});
