import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import type { Bucket } from "../../delivery/store/s3-blobs.ts";
import { waitFor } from "../../remote/wait.ts";
import { resolveChecker } from "../../toolchain/checkers.ts";

/** A real S3 server (Versity's gateway) on the loopback interface. It verifies signatures, as Amazon's does. */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  /** Makes a bucket, and gives the way to it. */
  readonly makeBucket: (name: string) => Promise<Bucket>;
  readonly stop: () => Promise<void>;
}

const [accessKeyId, secretAccessKey, region] = ["keelson-test", "a-secret-of-a-test", "eu-central-1"];

export async function startS3Server(): Promise<S3Server> {
  const { files } = await resolveChecker("versitygw");
  const folder = await mkdtemp(join(tmpdir(), "keelson-s3-"));
  const [data, sidecar] = [join(folder, "data"), join(folder, "sidecar")];
  for (const each of [data, sidecar]) await mkdir(each);
  const port = await freePort();
  const log = createWriteStream(join(folder, "log"));
  const server = spawn(
    files["versitygw"]?.path ?? "versitygw",
    ["--region", region, "--port", `127.0.0.1:${port}`, "posix", "--sidecar", sidecar, data],
    {
      env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  server.stdout.pipe(log, { end: false });
  server.stderr.pipe(log, { end: false });
  const stop = async (): Promise<void> => {
    await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region, retries: 0 });
  try {
    await waitFor({
      what: "the S3 server to answer",
      deadlineMs: 30_000,
      probe: async () => {
        const answer = await client.fetch(`${endpoint}/`).catch(() => undefined);
        return answer?.ok === true ? true : undefined;
      },
      diagnose: () => readFile(join(folder, "log"), "utf8"),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint,
    region,
    makeBucket: async (name) => {
      const answer = await client.fetch(`${endpoint}/${name}`, { method: "PUT" });
      if (!answer.ok) throw new Error(`Cannot make a bucket: ${await answer.text()}`);
      return { name, region, endpoint, accessKeyId, secretAccessKey };
    },
    stop,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
