import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { KeelsonError } from "../../errors.ts";
import type { ErrorCode } from "../../errors.ts";
import { Downloader } from "../../toolchain/download.ts";
import { FileServer, sha256 } from "./support/file-server.ts";

describe("Downloader", () => {
  const content = Buffer.from("0123456789".repeat(1000));
  const sum = sha256(content);
  const server = new FileServer();
  let directory: string;
  let target: string;
  let downloader: Downloader;

  before(async () => {
    await server.start();
  });
  after(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson-download-"));
    target = join(directory, "folder", "file");
    downloader = new Downloader({ pause: 1, env: {} });
    server.requests.length = 0;
    server.twist = () => false;
    server.files.clear();
    server.files.set("/file", content);
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  /** Sends half of the file and, once that is on the disk, cuts the connection, as often as told. */
  function cut(times: number): void {
    const half = 5000;
    const arrived = async (): Promise<void> => {
      while ((await stat(`${target}.part`).catch(() => undefined))?.size !== half) await nextTurn();
    };
    let left = times;
    server.twist = (request, response) => {
      if (left === 0 || request.headers.range !== undefined) return false;
      left -= 1;
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, half), () => void arrived().then(() => response.destroy()));
      return true;
    };
  }

  it("writes a file whose checksum fits, and nothing beside it", async () => {
    await downloader.file(`${server.url}/file`, target, { sha256: sum });
    assert.deepEqual(await readFile(target), content);
    assert.deepEqual(await readdir(join(directory, "folder")), ["file"]);
  });

  it("goes on where a connection was cut", async () => {
    cut(1);
    await downloader.file(`${server.url}/file`, target, { sha256: sum });
    assert.deepEqual(await readFile(target), content);
    assert.equal(server.requests.length, 2);
    assert.match(server.requests[1]!, /^GET \/file bytes=\d+-$/);
  });

  it("goes on where an earlier run stopped", async () => {
    await downloader.file(`${server.url}/file`, target);
    await writeFile(`${target}.part`, content.subarray(0, 3000));
    await downloader.file(`${server.url}/file`, target, { sha256: sum });
    assert.equal(server.requests.at(-1), "GET /file bytes=3000-");
    assert.deepEqual(await readFile(target), content);
  });

  it("starts anew when what an earlier run left belongs to another file", async () => {
    await downloader.file(`${server.url}/file`, target);
    await writeFile(`${target}.part`, "x".repeat(3000));
    await downloader.file(`${server.url}/file`, target, { sha256: sum });
    assert.deepEqual(await readFile(target), content);
  });

  it("takes a part that is whole already", async () => {
    await downloader.file(`${server.url}/file`, target);
    await writeFile(`${target}.part`, content);
    await downloader.file(`${server.url}/file`, target, { sha256: sum });
    assert.deepEqual(await readFile(target), content);
  });

  it("refuses a wrong checksum and leaves no file", async () => {
    const attempt = downloader.file(`${server.url}/file`, target, { sha256: sha256("else") });
    await rejectsWith(attempt, "KEELSON_CHECKSUM_MISMATCH", /its sha256 is [0-9a-f]{64}, published is /);
    assert.deepEqual(await readdir(join(directory, "folder")), []);
  });

  it("asks once for what is not there", async () => {
    const attempt = downloader.file(`${server.url}/none`, target);
    await rejectsWith(attempt, "KEELSON_DOWNLOAD_FAILED", /: the server answered 404$/);
    assert.equal(server.requests.length, 1);
  });

  it("asks again after an error of the server", async () => {
    let left = 2;
    server.twist = (_request, response) => {
      if (left === 0) return false;
      left -= 1;
      response.writeHead(503).end();
      return true;
    };
    assert.equal(await downloader.text(`${server.url}/file`), content.toString());
    assert.equal(server.requests.length, 3);
  });

  it("gives up after so many cuts, and says how far it came", async () => {
    server.twist = (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 10), () => response.destroy());
      return true;
    };
    await rejectsWith(
      downloader.file(`${server.url}/file`, target),
      "KEELSON_DOWNLOAD_FAILED",
      /Cannot download "http/,
    );
    assert.equal(server.requests.length, 4);
  });

  it("follows redirects, without its credentials to another host", async () => {
    const other = new FileServer();
    await other.start();
    try {
      other.files.set("/there", "moved");
      let seen: string | undefined = "unset";
      other.twist = (request) => {
        seen = request.headers.authorization;
        return false;
      };
      server.twist = (_request, response) => {
        response.writeHead(302, { location: `${other.url}/there` }).end();
        return true;
      };
      const headers = { authorization: "Bearer secret" };
      assert.equal(await downloader.text(`${server.url}/file`, { headers }), "moved");
      assert.equal(seen, undefined);
    } finally {
      await other.stop();
    }
  });

  it("asks a host that is out of reach only once in a run", async () => {
    const gone = new FileServer();
    await gone.start();
    const { url } = gone;
    await gone.stop();
    await rejectsWith(downloader.text(`${url}/a`), "KEELSON_DOWNLOAD_FAILED", /ECONNREFUSED/);
    await rejectsWith(downloader.text(`${url}/b`), "KEELSON_DOWNLOAD_FAILED", /was out of reach before/);
    const isRepeated = (error: unknown): boolean => KeelsonError.is(error) && downloader.isRepeated(error);
    await assert.rejects(downloader.text(`${url}/c`), isRepeated);
  });

  it("stops when the run is cancelled", async () => {
    const controller = new AbortController();
    server.twist = (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 10));
      controller.abort();
      return true;
    };
    const attempt = downloader.file(`${server.url}/file`, target, { signal: controller.signal });
    await rejectsWith(attempt, "KEELSON_ABORTED", /the run was cancelled$/);
  });

  async function rejectsWith(attempt: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
    await assert.rejects(attempt, (error) => {
      assert.ok(KeelsonError.is(error), String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  }
});
