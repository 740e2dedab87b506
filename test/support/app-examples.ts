import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../kube/object.ts";
import { type Answer, namesIn, said } from "./app-answers.ts";

const root = join(import.meta.dirname, "../..");

/** An example: its node port, and what it answers there once all of its parts have found each other. */
export interface Example {
  readonly port: number;
  readonly check: (answer: Answer) => void;
}

/** The examples that run on a cluster, by the names of their folders and namespaces. */
export const examples: Readonly<Record<string, Example>> = {
  podinfo: {
    port: 30_181,
    check: ({ uses }) => {
      assert.equal(uses?.["backend"]?.message, "greetings from podinfo");
    },
  },
  guestbook: {
    port: 30_182,
    check: (answer) => {
      assert.equal(said(answer, "store"), "store-0");
    },
  },
  shop: {
    port: 30_183,
    check: (answer) => {
      const all = ["ads", "cart", "carts", "catalog", "checkout", "currency", "email", "frontend"];
      const more = ["payment", "recommendations", "shipping"];
      assert.deepEqual([...namesIn(answer)].toSorted(), [...all, ...more]);
      assert.doesNotMatch(JSON.stringify(answer), /"error"/);
    },
  },
};

/** Runs an example as its first lines say, and reads what it wrote. */
export async function synthesize(example: string): Promise<readonly KubeObject[]> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-example-"));
  try {
    const program = join(root, "examples", example, "main.ts");
    const env = { ...process.env, CDK8S_OUTDIR: folder };
    await promisify(execFile)(process.execPath, ["--conditions=keelson-source", program], { env });
    const files = (await readdir(folder)).filter((file) => file.endsWith(".yaml"));
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    return texts.flatMap((text) => parseAllDocuments(text).map((each) => each.toJS() as KubeObject));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
