import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { KeelsonError } from "../../errors.ts";
import { resolve } from "../../toolchain/index.ts";
import type { LocalOutputs } from "./stack.ts";

const answerDeadlineMs = 60_000;
const requestDeadlineMs = 3_000;
const retryMs = 250;

/** Writes a kubeconfig file per cluster, for its owner alone, and returns their paths. */
export async function writeKubeconfigs(
  folder: string,
  kubeconfigs: LocalOutputs["kubeconfigs"],
): Promise<Readonly<Record<string, string>>> {
  const written = Object.entries(kubeconfigs).map(async ([cluster, kubeconfig]) => {
    const path = join(folder, `${cluster}.kubeconfig`);
    await writeFile(path, kubeconfig, { mode: 0o600 });
    return [cluster, path] as const;
  });
  return Object.fromEntries(await Promise.all(written));
}

/** The nodes of each cluster as kubectl prints them. */
export async function listNodes(
  kubeconfigs: Readonly<Record<string, string>>,
): Promise<readonly (readonly [cluster: string, table: string])[]> {
  const { directory } = await resolve("kubectl");
  const kubectl = join(directory, "kubectl");
  const tables = Object.entries(kubeconfigs).map(async ([cluster, path]) => {
    const args = ["--kubeconfig", path, "get", "nodes", "--output", "wide", "--request-timeout", "20s"];
    const { stdout } = await promisify(execFile)(kubectl, args);
    return [cluster, stdout.trimEnd()] as const;
  });
  return Promise.all(tables);
}

/**
 * Waits until every address answers from here, outside of the machines.
 *
 * @throws KeelsonError KEELSON_TIMEOUT with what was seen last
 */
export async function waitForAnswers(urls: readonly string[]): Promise<void> {
  await Promise.all(urls.map(waitForAnswer));
}

async function waitForAnswer(url: string): Promise<void> {
  const deadline = Date.now() + answerDeadlineMs;
  for (;;) {
    const seen = await ask(url);
    if (seen === undefined) return;
    if (Date.now() > deadline) {
      throw new KeelsonError(
        "KEELSON_TIMEOUT",
        `Cannot reach ${url}: ${seen} after ${answerDeadlineMs / 1000} s`,
      );
    }
    await pause(retryMs);
  }
}

/** What is wrong with the answer; undefined if nothing is. */
async function ask(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(requestDeadlineMs) });
    await response.text();
    return response.ok ? undefined : `status ${String(response.status)}`;
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
