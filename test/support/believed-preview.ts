import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../e2e/programs/ha/index.ts";
import { succeed } from "./command.ts";
import type { MetalStack } from "./metal-stack.ts";

/**
 * Runs `pulumi preview`, then `pulumi up`, which must do exactly what the preview said, intent by intent. A wait changes
 * nothing, and whether something that was just changed must be waited for is not to be foreseen: waits are left out.
 * Resolves with the intents, as `host: what`, sorted.
 */
export async function upAsPreviewed(stack: MetalStack, settings: Settings): Promise<readonly string[]> {
  const previewed = await intentsOf("preview", (env) => stack.pulumi(["preview"], settings, env));
  const made = await intentsOf("work", (env) =>
    stack.pulumi(["up", "--yes", "--skip-preview"], settings, env),
  );
  assert.deepEqual(made.intents.filter(isChange), previewed.intents.filter(isChange));
  // What a person reads must name each of them.
  for (const intent of previewed.intents) {
    const what = intent.slice(intent.indexOf(": ") + 2);
    assert.ok(previewed.output.includes(what), `the preview does not show "${intent}":\n${previewed.output}`);
  }
  return made.intents.filter(isChange);
}

function isChange(intent: string): boolean {
  return !intent.includes(": wait until ");
}

/** What a preview says that an `up` would do. */
export async function previewOf(stack: MetalStack, settings: Settings): Promise<readonly string[]> {
  return (await intentsOf("preview", (env) => stack.pulumi(["preview"], settings, env))).intents;
}

/** What Read found that an `up` has to do, as the stack's state has it. */
export async function pendingIn(stack: MetalStack, settings: Settings): Promise<readonly string[]> {
  const { stdout } = succeed(await stack.pulumi(["stack", "export"], settings));
  const { deployment } = JSON.parse(stdout) as {
    readonly deployment: {
      readonly resources: readonly {
        readonly outputs?: { readonly pending?: readonly { readonly host: string; readonly what: string }[] };
      }[];
    };
  };
  const all = deployment.resources.flatMap(({ outputs }) => outputs?.pending ?? []);
  return all.map(({ host, what }) => `${host}: ${what}`);
}

type Run = (
  env: Readonly<Record<string, string>>,
) => Promise<{ readonly exitCode: number; readonly output: string; readonly stdout: string }>;

async function intentsOf(
  mode: "preview" | "work",
  run: Run,
): Promise<{ readonly intents: readonly string[]; readonly output: string }> {
  const file = join(tmpdir(), `keelson-intents-${randomUUID()}`);
  try {
    const { output } = succeed(await run({ KEELSON_TEST_INTENTS: file }));
    const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").filter(Boolean);
    const all = lines.map((line) => JSON.parse(line) as { mode: string; host: string; what: string });
    const intents = all.filter((each) => each.mode === mode).map(({ host, what }) => `${host}: ${what}`);
    return { intents: intents.sort(), output };
  } finally {
    await rm(file, { force: true });
  }
}
