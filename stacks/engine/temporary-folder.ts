import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTime } from "../../toolchain/processes.ts";

const prefix = "keelson-run-";
const users = "users.json";

interface User {
  readonly pid: number;
  readonly started: string;
}

/** A folder for the temporary files of one run. Only its owner may read it. */
export interface TemporaryFolder {
  readonly path: string;
  /** Keeps the folder as long as that process lives, also if this one is killed. */
  addUser(pid: number | undefined): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes a folder for what a run's programs write to temporary files and forget: the Kubernetes plugin leaves its
 * kubeconfig there. The folders of runs that were killed are removed.
 */
export async function temporaryFolder(parent: string = tmpdir()): Promise<TemporaryFolder> {
  await removeAbandoned(parent);
  const path = await mkdtemp(join(parent, prefix));
  const found: User[] = [];
  const addUser = async (pid: number | undefined): Promise<void> => {
    const started = pid === undefined ? undefined : await startTime(pid);
    if (pid !== undefined && started !== undefined) found.push({ pid, started });
    await writeFile(join(path, users), JSON.stringify(found), { mode: 0o600 });
  };
  await addUser(process.pid);
  return { path, addUser, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

async function removeAbandoned(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  for (const path of names.map((name) => join(parent, name))) {
    if (await isAbandoned(path)) await rm(path, { recursive: true, force: true });
  }
}

/** One without a list is being made, or somebody else's. */
async function isAbandoned(path: string): Promise<boolean> {
  const text = await readFile(join(path, users), "utf8").catch(() => "");
  if (!text.endsWith("]")) return false;
  const alive = (JSON.parse(text) as User[]).map(
    async ({ pid, started }) => (await startTime(pid)) === started,
  );
  return !(await Promise.all(alive)).includes(true);
}
