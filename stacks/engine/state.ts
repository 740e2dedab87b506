import { randomBytes } from "node:crypto";
import { access, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The folder that holds the state of the stacks that keelson's own commands run. */
export interface StateFolder {
  /** Absolute path. */
  readonly path: string;
  /** Folder of Pulumi's file backend. */
  readonly backend: string;
  /** What tells Pulumi to use it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where state is kept: KEELSON_STATE, or `keelson` below the XDG state folder. */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env["KEELSON_STATE"]) return env["KEELSON_STATE"];
  return join(env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local/state"), "keelson");
}

/** Opens the state folder, and makes it with a passphrase of its own if there is none. Only its owner may read it. */
export async function openState(path: string = stateDirectory()): Promise<StateFolder> {
  const backend = join(path, "stacks");
  const passphrase = join(path, "passphrase");
  await mkdir(backend, { recursive: true, mode: 0o700 });
  await writeFile(passphrase, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    },
  );
  return {
    path,
    backend,
    env: {
      PULUMI_BACKEND_URL: pathToFileURL(backend).href,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    },
  };
}

/** Whether the backend has a stack of that name. */
export async function hasStack(state: StateFolder, project: string, stack: string): Promise<boolean> {
  try {
    await access(join(state.backend, ".pulumi/stacks", project, `${stack}.json`));
    return true;
  } catch {
    return false;
  }
}
