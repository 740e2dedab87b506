import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { settleKilledRun } from "../../stacks/engine/killed-runs.ts";
import { PulumiRunner } from "../../stacks/engine/pulumi-run.ts";
import { hasStack, openState } from "../../stacks/engine/state.ts";
import { resolvePulumi } from "../../toolchain/index.ts";

export const project = "keelson";
/**
 * Named after the state folder where that is not the user's own: Pulumi keeps a stack's settings, and the salt of its
 * secrets, beside the program.
 */
export const stack = stackName(process.env["KEELSON_STATE"]);

/** What the local stack exports. */
export interface LocalOutputs {
  /** Admin access by cluster. Secrets. */
  readonly kubeconfigs: Readonly<Record<string, string>>;
  /** By cluster, then by service. */
  readonly addresses: Readonly<
    Record<string, Readonly<Record<string, { readonly urls: readonly string[] }>>>
  >;
}

/** The stack that `npm start` runs. */
export interface LocalStack {
  readonly pulumi: PulumiRunner;
  /** Folder for what people use beside the stack, such as kubeconfig files. Only its owner may read it. */
  readonly folder: string;
  readonly exists: boolean;
}

/** Opens the local stack and makes it free if a killed run left it behind. */
export async function openLocalStack(onProgress: (line: string) => void): Promise<LocalStack> {
  const tools = await resolvePulumi({ onProgress });
  const state = await openState();
  const root = join(import.meta.dirname, "../..");
  const pulumi = new PulumiRunner(tools, state, root);
  await settleKilledRun(pulumi, state, { project, stack });
  const folder = join(state.path, stack);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const exists = await hasStack(state, project, stack);
  // The salt of a stack that is gone opens nothing, and a new stack would stumble over it.
  if (!exists) await rm(join(root, `Pulumi.${stack}.yaml`), { force: true });
  return { pulumi, folder, exists };
}

/** Reads what the stack exports, with its secrets. */
export async function readOutputs(pulumi: PulumiRunner): Promise<LocalOutputs> {
  const text = await pulumi.read(["stack", "output", "--json", "--show-secrets", "--stack", stack]);
  return JSON.parse(text) as LocalOutputs;
}

function stackName(state: string | undefined): string {
  if (state === undefined || state === "") return "local";
  return `local-${createHash("sha256").update(state).digest("hex").slice(0, 6)}`;
}
