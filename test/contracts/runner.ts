import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandError, KeelsonError } from "../../errors.ts";
import { command } from "../../remote/quote.ts";
import type { Runner } from "../../remote/runner.ts";
import type { Rule } from "../support/fake-runner.ts";

/** A runner under test and a place on its host where files may be written. */
export interface Subject {
  readonly runner: Runner;
  /** A folder that exists and is empty. */
  readonly folder: string;
  end(): Promise<void>;
}

const speak = "echo out; echo err >&2";
const fail = "echo lost; echo the reason >&2; exit 7";
const copy = "cat";
const secretive = "echo the password is hunter22";

/** What a fake host must answer to pass the part of the contract that needs no shell. */
export const contractRules: readonly Rule[] = [
  [speak, { stdout: "out\n", stderr: "err\n" }],
  [fail, { exitCode: 7, stdout: "lost\n", stderr: "the reason\n" }],
  [copy, (_command, stdin) => stdin],
  [secretive, "the password is hunter22\n"],
];

/** The secret that the runner's masker must know. */
export const contractSecret = "hunter22";

/** What every runner does, also one without a shell behind it. Call it inside a `describe`. */
export function runnerContract(make: () => Promise<Subject>): void {
  let subject: Subject;
  let local: string;

  before(async () => {
    subject = await make();
    local = await mkdtemp(join(tmpdir(), "keelson-contract-"));
  });

  after(async () => {
    await subject.end();
    await rm(local, { recursive: true });
  });

  it("returns the exit code and both streams", async () => {
    assert.deepEqual(await subject.runner.run(speak), { exitCode: 0, stdout: "out\n", stderr: "err\n" });
  });

  it("throws a CommandError with everything that the command said", async () => {
    await assert.rejects(subject.runner.run(fail), (error) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.exitCode, 7);
      assert.equal(error.stdout, "lost\n");
      assert.equal(error.stderr, "the reason\n");
      assert.equal(error.host, subject.runner.host);
      assert.match(error.message, /^Cannot run ".*" on .*: exit code 7 \(the reason\)$/);
      return true;
    });
  });

  it("returns an exit code that the caller expects", async () => {
    assert.equal((await subject.runner.run(fail, { okCodes: [0, 7] })).exitCode, 7);
  });

  it("hands input to the command", async () => {
    assert.equal((await subject.runner.run(copy, { stdin: "größer\n" })).stdout, "größer\n");
  });

  it("tells each line of output", async () => {
    const lines: string[] = [];
    await subject.runner.run(speak, { onLine: (line) => lines.push(line) });
    assert.deepEqual(lines.sort(), ["err", "out"]);
  });

  it("hides secrets in the lines that it tells", async () => {
    const lines: string[] = [];
    await subject.runner.run(secretive, { onLine: (line) => lines.push(line) });
    assert.deepEqual(lines, ["the password is [secret]"]);
  });

  it("runs nothing after an abort", async () => {
    await assert.rejects(subject.runner.run(speak, { signal: AbortSignal.abort() }), {
      code: "KEELSON_ABORTED",
    });
  });

  it("reads undefined where there is no file", async () => {
    assert.equal(await subject.runner.read(join(subject.folder, "none")), undefined);
  });

  it("reads the bytes that it wrote", async () => {
    const path = join(subject.folder, "bytes");
    const content = randomBytes(100_000);
    await subject.runner.write(path, content);
    assert.deepEqual(await subject.runner.read(path), content);
  });

  it("uploads a file whose checksum is right", async () => {
    const content = randomBytes(3_000_000);
    await writeFile(join(local, "blob"), content);
    const path = join(subject.folder, "uploaded");
    await subject.runner.upload(join(local, "blob"), path, { sha256: sha256(content) });
    assert.deepEqual(await subject.runner.read(path), content);
  });

  it("keeps the old file when a checksum is wrong", async () => {
    const path = join(subject.folder, "kept");
    await subject.runner.write(path, "old");
    await writeFile(join(local, "new"), "new");
    await assert.rejects(subject.runner.upload(join(local, "new"), path, { sha256: sha256("other") }), {
      code: "KEELSON_CHECKSUM_MISMATCH",
    });
    assert.equal(String(await subject.runner.read(path)), "old");
  });
}

/** What every runner with a real shell does besides. Call it inside a `describe`. */
export function shellRunnerContract(make: () => Promise<Subject>): void {
  let subject: Subject;

  before(async () => {
    subject = await make();
  });

  after(async () => {
    await subject.end();
  });

  const path = (name: string): string => join(subject.folder, name);
  const listing = async (): Promise<string[]> =>
    (await subject.runner.run(command`ls -A ${subject.folder}`)).stdout.split("\n").filter(Boolean);

  it("writes a file with its mode into folders that are missing, whatever their names are", async () => {
    const strange = path("a b/it's\n$HOME `x`/-f");
    await subject.runner.write(strange, "secret", { mode: 0o600 });
    const { stdout } = await subject.runner.run(command`stat -c %a ${strange}`);
    assert.equal(stdout.trim(), "600");
    assert.equal(String(await subject.runner.read(strange)), "secret");
  });

  it("leaves nothing but the file behind", async () => {
    await subject.runner.write(path("alone/file"), "1");
    await subject.runner.write(path("alone/file"), "2");
    const { stdout } = await subject.runner.run(command`ls -A ${path("alone")}`);
    assert.equal(stdout, "file\n");
  });

  it("refuses to write over a folder", async () => {
    await subject.runner.run(command`mkdir ${path("folder")}`);
    await assert.rejects(subject.runner.write(path("folder"), "x"), /is a folder/);
  });

  it("fails to upload a file that is not there", async () => {
    await assert.rejects(
      subject.runner.upload("/nonexistent/file", path("x"), { sha256: sha256("") }),
      /ENOENT/,
    );
    assert.deepEqual(
      (await listing()).filter((name) => name === "x" || name.startsWith(".x.")),
      [],
    );
  });

  it("reads bytes that are no text", async () => {
    await subject.runner.run(command`printf '\\377\\000\\376' > ${path("binary")}`);
    assert.deepEqual(await subject.runner.read(path("binary")), Buffer.from([0xff, 0, 0xfe]));
  });

  it("takes large input and large output", async () => {
    const text = "0123456789abcdef".repeat(500_000);
    assert.equal((await subject.runner.run("cat", { stdin: text })).stdout, text);
  });

  it("takes large output and large errors at once", async () => {
    const large = "head -c 4000000 /dev/zero";
    const result = await subject.runner.run(`${large} >&2 & ${large}; wait`);
    assert.equal(result.stdout.length, 4_000_000);
    assert.equal(result.stderr.length, 4_000_000);
  });

  it("refuses output without end", async () => {
    await assert.rejects(subject.runner.run("cat /dev/zero"), /its output is over 16 MiB$/);
  });

  it("does not wait for a command that reads input when there is none", async () => {
    assert.equal((await subject.runner.run("cat; echo done")).stdout, "done\n");
  });

  it("survives a command that does not read its input", async () => {
    assert.equal((await subject.runner.run("exit 0", { stdin: "x".repeat(5_000_000) })).exitCode, 0);
  });

  it("does not wait for a child in the background that holds the output", async () => {
    const { stdout } = await subject.runner.run("sleep 60 & echo $!");
    await subject.runner.run(command`kill ${stdout.trim()}`);
  });

  it("reports a signal as an exit code over 128", async () => {
    const result = await subject.runner.run("kill -KILL $$", { okCodes: [137] });
    assert.equal(result.exitCode, 137);
  });

  it("ends a command and its children after an abort", async () => {
    const abort = new AbortController();
    const pids: string[] = [];
    const running = subject.runner.run(
      "sleep 300 & echo $!; trap '' TERM; echo $$; while :; do sleep 1; done",
      {
        signal: abort.signal,
        onLine: (line) => {
          if (pids.push(line) === 2) abort.abort();
        },
      },
    );
    await assert.rejects(running, { code: "KEELSON_ABORTED" });
    for (const pid of pids) {
      const state = await subject.runner.run(
        command`sed -n 's/^State:.\\(.\\).*/\\1/p' /proc/${pid}/status || true`,
      );
      assert.match(state.stdout, /^Z?\n?$/, `process ${pid} lives`);
    }
  });

  it("runs more commands at once than a server allows sessions", async () => {
    const numbers = Array.from({ length: 30 }, (_, index) => String(index));
    const outputs = await Promise.all(numbers.map((each) => subject.runner.run(command`echo ${each}`)));
    assert.deepEqual(
      outputs.map(({ stdout }) => stdout.trim()),
      numbers,
    );
  });

  it("keeps a session open until it is closed", async () => {
    const session = await subject.runner.open(
      command`echo begun; cat > ${path("input")}; echo over > ${path("end")}`,
      {
        stdin: "first",
      },
    );
    assert.equal(session.firstLine, "begun");
    assert.equal(await subject.runner.read(path("end")), undefined);
    await session.close();
    assert.equal(await session.ended, 0);
    assert.equal(String(await subject.runner.read(path("input"))), "first");
    assert.equal(String(await subject.runner.read(path("end"))), "over\n");
  });

  it("closes a session that does not care for its input", async () => {
    const session = await subject.runner.open("echo $$; exec sleep 300");
    await session.close();
    assert.ok((await session.ended) > 128);
  });

  it("throws what a session said that ended before its first line", async () => {
    await assert.rejects(subject.runner.open("echo not today >&2; exit 9"), (error) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.exitCode, 9);
      assert.equal(error.stderr, "not today\n");
      return true;
    });
  });

  it("ends a session after an abort", async () => {
    const abort = new AbortController();
    const session = await subject.runner.open("echo begun; exec sleep 300", { signal: abort.signal });
    abort.abort();
    assert.ok((await session.ended) > 128);
  });

  it("gives every command a plain environment", async () => {
    const { stdout } = await subject.runner.run('umask; echo "$LC_ALL"; command -v mount');
    assert.match(stdout, /^0022\nC\n\/.*mount\n$/);
  });
}

/** A TCP connection that begins on the host. For hosts that can reach this process. */
export function dialContract(make: () => Promise<Subject>): void {
  let subject: Subject;

  before(async () => {
    subject = await make();
  });

  after(async () => {
    await subject.end();
  });

  it("dials from the host", async () => {
    const server = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stream = await subject.runner.dial("127.0.0.1", (server.address() as AddressInfo).port);
    const chunks = await stream.toArray();
    assert.equal(Buffer.concat(chunks as Buffer[]).toString(), "hello");
    await new Promise((resolve) => server.close(resolve));
  });

  it("names the address that it cannot dial", async () => {
    await assert.rejects(subject.runner.dial("127.0.0.1", 1), (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_HOST_UNREACHABLE");
      assert.match(error.message, /^Cannot reach 127\.0\.0\.1:1/);
      return true;
    });
  });
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
