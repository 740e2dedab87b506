import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PulumiRunner } from "./pulumi-run.ts";
import type { StateFolder } from "./state.ts";

/** A stack's deployment as Pulumi exports it, as far as it is read here. */
interface Exported {
  readonly deployment?: { readonly pending_operations?: readonly PendingOperation[] };
}

interface PendingOperation {
  readonly type: string;
  readonly resource: { readonly type?: string };
}

/**
 * Lets a stack forget the creations that a killed run did not see the end of. Pulumi would keep them for ever and ask
 * a person what became of them; they stay if there are any of types that are not ours, for that very reason.
 */
export async function forgetPendingCreations(
  pulumi: Pick<PulumiRunner, "read">,
  state: StateFolder,
  { project, stack }: { readonly project: string; readonly stack: string },
): Promise<void> {
  const file = join(state.backend, ".pulumi/stacks", project, `${stack}.json`);
  const text = await readFile(file, "utf8").catch(() => "");
  if (!text.includes('"pending_operations"')) return;
  const name = `organization/${project}/${stack}`;
  const exported = await pulumi.read(["stack", "export", "--stack", name]);
  const pending = (JSON.parse(exported) as Exported).deployment?.pending_operations ?? [];
  if (pending.length === 0 || !pending.every(isRepeatable)) return;
  const folder = await mkdtemp(join(tmpdir(), "keelson-state-"));
  try {
    const path = join(folder, "stack.json");
    await writeFile(path, exported, { mode: 0o600 });
    // An import takes everything but what is pending.
    await pulumi.read(["stack", "import", "--stack", name, "--file", path]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Creating ours again takes over what the killed run made: hosts and objects have fixed names. */
function isRepeatable({ type, resource }: PendingOperation): boolean {
  return type !== "creating" || /^(keelson|kubernetes|pulumi):/.test(resource.type ?? "");
}
