import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadScript } from "../../bootstrap/fetch-script.ts";
import type { Delivery } from "../../bootstrap/fetch-script.ts";
import { paths } from "../../bootstrap/paths.ts";
import { execute } from "../../toolchain/execute.ts";
import type { Executed } from "../../toolchain/execute.ts";

const served: Readonly<Record<string, Buffer>> = {
  "/files/bin/kubelet": Buffer.alloc(3_000_000, "k"),
  "/files/bin/kubeadm": Buffer.from([0, 10, 13, 255]),
  "/files/images/node.tar": Buffer.from("images"),
};

function sha256(bytes: Buffer | undefined): string {
  return createHash("sha256")
    .update(bytes ?? "")
    .digest("hex");
}

describe("the script that downloads the bundle's files", () => {
  let folder: string;
  let server: Server;
  const asked: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const content = served[request.url ?? ""];
      if (content === undefined) response.writeHead(404);
      response.end(content);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
  });

  after(() => server.close());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-fetch-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const deliver = (
    path: string,
    to: string,
    mode: number,
    changes: Partial<Delivery["file"]> = {},
  ): Delivery => {
    const sum = sha256(served[`/files/${path}`]);
    const file = {
      name: to,
      kind: "binary",
      path,
      version: "1",
      source: "build",
      size: 1,
      sha256: sum,
      role: "node",
    };
    return { file: { ...file, ...changes } as Delivery["file"], path: join(folder, to), mode };
  };

  /** Runs it as a unit would: from a file, with `sh`. */
  const run = async (
    deliveries: readonly Delivery[],
    hasCurl: boolean,
    address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/files`,
  ): Promise<Executed> => {
    const script = downloadScript(address, deliveries)
      .replaceAll(paths.state, join(folder, "state"))
      .replace("command -v curl", hasCurl ? "command -v curl" : "false");
    await writeFile(join(folder, "script.sh"), script);
    return execute("sh", [join(folder, "script.sh")], {});
  };

  const notedPaths = async (): Promise<readonly string[]> =>
    (await readFile(join(folder, "state/sums"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[2] ?? "");

  const all = (): readonly Delivery[] => [
    deliver("bin/kubelet", "bin/kubelet", 0o755),
    deliver("bin/kubeadm", "bin/kubeadm", 0o755),
    deliver("images/node.tar", "downloads/node.tar", 0o600),
  ];

  for (const hasCurl of [true, false]) {
    describe(hasCurl ? "with curl" : "without curl", () => {
      it("brings each to its place, with its mode, and leaves nothing else", async () => {
        const { code, tail } = await run(all(), hasCurl);

        assert.equal(code, 0, tail);
        assert.deepEqual(await readFile(join(folder, "bin/kubelet")), served["/files/bin/kubelet"]);
        assert.deepEqual(await readFile(join(folder, "bin/kubeadm")), served["/files/bin/kubeadm"]);
        assert.equal((await stat(join(folder, "bin/kubelet"))).mode & 0o777, 0o755);
        assert.equal((await stat(join(folder, "downloads/node.tar"))).mode & 0o777, 0o600);
        assert.deepEqual((await readdir(join(folder, "bin"))).sort(), ["kubeadm", "kubelet"]);
        assert.deepEqual(await readdir(join(folder, "downloads")), ["node.tar"]);
      });

      it("leaves one with another checksum away, and names that one alone", async () => {
        const wrong = deliver("bin/kubeadm", "bin/kubeadm", 0o755, { sha256: "0".repeat(64) });

        const { code, tail } = await run([wrong, deliver("bin/kubelet", "bin/kubelet", 0o755)], hasCurl);

        assert.notEqual(code, 0);
        assert.match(tail, /bin\/kubeadm has another checksum/);
        assert.doesNotMatch(tail, /kubelet/);
        assert.deepEqual(await readdir(join(folder, "bin")), ["kubelet"]);
        assert.deepEqual(await notedPaths(), [join(folder, "bin/kubelet")]);
      });

      it("keeps what came whole before a download failed", async () => {
        const none = deliver("bin/none", "bin/none", 0o755);

        const { code, tail } = await run([deliver("bin/kubelet", "bin/kubelet", 0o755), none], hasCurl);

        assert.notEqual(code, 0);
        assert.match(tail, /404/);
        assert.doesNotMatch(tail, /checksum/);
        assert.deepEqual(await readdir(join(folder, "bin")), ["kubelet"]);
        assert.deepEqual(await notedPaths(), [join(folder, "bin/kubelet")]);
      });

      it("fails where nobody serves, and brings nothing", async () => {
        const { code } = await run(all(), hasCurl, "http://127.0.0.1:1/files");

        assert.notEqual(code, 0);
        assert.deepEqual(await readdir(join(folder, "bin")), []);
      });

      it("takes what a run that was cut off left whole, and loads the rest anew", async () => {
        await mkdir(join(folder, "bin/.keelson"), { recursive: true });
        await writeFile(join(folder, "bin/.keelson/kubelet"), served["/files/bin/kubelet"] ?? "");
        await writeFile(join(folder, "bin/.keelson/kubeadm"), "cut o");
        asked.length = 0;

        const { code, tail } = await run(all(), hasCurl);

        assert.equal(code, 0, tail);
        assert.deepEqual(asked, ["/files/bin/kubeadm", "/files/images/node.tar"]);
        assert.deepEqual(await readFile(join(folder, "bin/kubelet")), served["/files/bin/kubelet"]);
        assert.deepEqual(await readFile(join(folder, "bin/kubeadm")), served["/files/bin/kubeadm"]);
        assert.deepEqual((await readdir(join(folder, "bin"))).sort(), ["kubeadm", "kubelet"]);
      });
    });
  }

  it("notes the checksums of what it brought beside those of other files", async () => {
    const others = [`${"1".repeat(64)} 1:2:3:4 /usr/local/bin/other`];
    const old = `${"2".repeat(64)} 5:6:7:8 ${join(folder, "bin/kubeadm")}`;
    await mkdir(join(folder, "state"));
    await writeFile(join(folder, "state/sums"), `${[old, ...others].join("\n")}\n`);

    const { code, tail } = await run(all(), false);

    assert.equal(code, 0, tail);
    const noted = (await readFile(join(folder, "state/sums"), "utf8")).trim().split("\n");
    const expected = await Promise.all(
      all().map(async ({ file, path }) => {
        const { stdout } = await execute("stat", ["-Lc", "%i:%s:%.9Y:%.9Z %n", path], {});
        return `${file.sha256} ${stdout.trim()}`;
      }),
    );
    assert.deepEqual(noted.sort(), [...expected, ...others].sort());
  });
});
