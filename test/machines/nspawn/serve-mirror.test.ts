import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptional } from "../../../machines/nspawn/records.ts";
import { retryUntil } from "../../../machines/nspawn/retry.ts";
import { mirrorProgram } from "../../../machines/nspawn/serve-mirror.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

describe("a mirror, as a process made from its source text", () => {
  // Longer than what is sent at once, and no two pieces alike.
  const large = Array.from({ length: 200_000 }, (_, index) => String(index)).join(" ");
  let folder = "";
  let child: ChildProcess;
  let port = 0;

  before(async function () {
    if (process.platform !== "linux") this.skip();
    folder = await mkdtemp(join(tmpdir(), "keelson-mirror-"));
    await mkdir(join(folder, "served/sub"), { recursive: true });
    await writeFile(join(folder, "served/sub/file"), "0123456789");
    await writeFile(join(folder, "served/empty"), "");
    await writeFile(join(folder, "served/large"), large);
    await writeFile(join(folder, "secret"), "secret");
    await symlink(join(folder, "served/sub/file"), join(folder, "served/link"));
    const record = join(folder, "record");
    const settings = { address: "127.0.0.1", port: 0, folders: { files: join(folder, "served") }, record };
    child = spawn(process.execPath, ["--eval", mirrorProgram(settings)], {
      stdio: "inherit",
    });
    const line = await retryUntil(8000, async () => await readOptional(record));
    const [pid, , , listensOn] = (line ?? "").split(" ");
    assert.equal(Number(pid), child.pid);
    port = Number(listensOn);
  });

  after(async () => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  const ask = async (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
    await new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port, path, headers, method }, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.once("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      })
        .once("error", reject)
        .end();
    });

  const rows = [
    ["a file", "/files/sub/file", {}, 200, "0123456789"],
    ["a file behind a link", "/files/link", {}, 200, "0123456789"],
    ["an empty file", "/files/empty", {}, 200, ""],
    ["a query that means nothing", "/files/sub/file?x=1", {}, 200, "0123456789"],
    ["a large file", "/files/large", {}, 200, large],
    ["a large part", "/files/large", { range: "bytes=1000-900000" }, 206, large.slice(1000, 900_001)],
    ["a part", "/files/sub/file", { range: "bytes=3-5" }, 206, "345"],
    ["the rest", "/files/sub/file", { range: "bytes=7-" }, 206, "789"],
    ["a part beyond the end", "/files/sub/file", { range: "bytes=8-99" }, 206, "89"],
    ["a part after the end", "/files/sub/file", { range: "bytes=10-" }, 416, ""],
    ["a folder", "/files/sub", {}, 404, ""],
    ["what is not there", "/files/none", {}, 404, ""],
    ["another folder", "/other/sub/file", {}, 404, ""],
    ["the way up", "/files/../secret", {}, 404, ""],
    ["the way up in disguise", "/files/%2e%2e/secret", {}, 404, ""],
    ["the way up in one word", "/files/..%2fsecret", {}, 404, ""],
    ["an inherited property", "/constructor/name", {}, 404, ""],
    ["what cannot be decoded", "/files/%zz", {}, 404, ""],
    ["a NUL character", "/files/sub%00", {}, 404, ""],
  ] as const;
  for (const [name, path, headers, status, body] of rows) {
    it(`answers ${String(status)} for ${name}`, async () => {
      const answer = await ask(path, headers);

      assert.deepEqual([answer.status, answer.body], [status, body]);
    });
  }

  it("goes on when somebody hangs up in the middle of a file", async () => {
    await new Promise<void>((resolve, reject) => {
      request({ host: "127.0.0.1", port, path: "/files/large" }, (response) => {
        response.once("data", () => {
          response.destroy();
          resolve();
        });
      })
        .once("error", reject)
        .end();
    });

    assert.equal((await ask("/files/large")).body, large);
  });

  it("tells the size without the content", async () => {
    const answer = await ask("/files/sub/file", {}, "HEAD");

    assert.deepEqual([answer.status, answer.body, answer.headers["content-length"]], [200, "", "10"]);
  });

  it("takes nothing", async () => {
    assert.equal((await ask("/files/sub/file", {}, "PUT")).status, 404);
  });

  it("ends when its folder is gone", async () => {
    const ended = once(child, "exit");
    await rm(folder, { recursive: true });

    assert.deepEqual(await ended, [0, null]);
    await mkdir(folder);
  });
});
