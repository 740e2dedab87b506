import type { Hook } from "../../clusters/settings/hooks.ts";
import { CommandError, KeelsonError } from "../../errors.ts";
import { command, quote } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { runUnit } from "../unit.ts";
import { verdictMark, verdictOf } from "../verdict.ts";
import type { ChangeContext, HostView } from "../view.ts";

const defaultSeconds = 300;

/** The script may be a secret: it reaches the host by standard input, and lies in its memory while it runs. */
const folder = `${paths.run}/hooks`;

/**
 * Runs a hook on its host, to its end or its deadline.
 *
 * @throws KeelsonError KEELSON_HOOK_FAILED with the last lines that it wrote
 */
export async function runHook(
  view: HostView,
  context: ChangeContext,
  { name, hook }: { readonly name: string; readonly hook: Hook },
): Promise<void> {
  const { runner, signal } = context;
  const seconds = hook.timeoutSeconds ?? defaultSeconds;
  const file = `${folder}/${name}`;
  await runner.write(file, hook.script, { mode: 0o600, signal });
  const script = unitScript(view, { name, file, seconds });
  try {
    // The unit's own deadline is for a script that does not let itself be ended.
    await runUnit(context, { name: `hook-${name}`, script, deadlineSeconds: seconds + 30 });
  } catch (error) {
    throw failure(view, name, hook, error) ?? error;
  } finally {
    await runner.run(command`rm -f ${file}`).catch(() => undefined);
  }
}

/** What a hook finds in its environment. */
function environment({ cluster, host }: HostView): string {
  const variables = {
    HOME: "/root",
    KEELSON_CLUSTER: cluster.name,
    KEELSON_HOST: host.name,
    KEELSON_NODE: host.nodeName,
    KEELSON_NODE_ADDRESS: host.nodeAddress,
    KEELSON_ROLE: host.role,
  };
  return Object.entries(variables)
    .map(([key, value]) => `export ${key}=${quote(value)}`)
    .join("\n");
}

/** `timeout` ends what the script started with it, since that is of its process group. */
function unitScript(
  view: HostView,
  { name, file, seconds }: { readonly name: string; readonly file: string; readonly seconds: number },
): string {
  const output = `${file}.out`;
  return `${environment(view)}
trap ${quote(command`rm -f ${[file, output]}`)} EXIT
began=$(date +%s)
timeout --kill-after=10 ${String(seconds)} sh ${quote(file)} >${quote(output)} 2>&1; code=$?
[ $code != 0 ] || { ${command`rm -f ${`${paths.dueHooks}/${name}`}`}; exit 0; }
why="it ended with exit code $code"
[ $(($(date +%s) - began)) -lt ${String(seconds)} ] || why="it did not end within ${String(seconds)} s"
printf '%s\\n' ${quote(verdictMark)} "$why" "$(grep -v '^ *$' ${quote(output)} | tail -n 8 | cut -c 1-300)"
exit 1`;
}

/** What the host said of it, as an error that says it; undefined if the run was cut off. */
function failure(view: HostView, name: string, hook: Hook, error: unknown): KeelsonError | undefined {
  const verdict = error instanceof CommandError ? verdictOf(error.stderr) : undefined;
  if (verdict === undefined) return undefined;
  const place = hook.before === undefined ? `after ${hook.after}` : `before ${hook.before}`;
  const message = `Cannot run hook "${name}" ${place} on ${view.host.name}: ${verdict}`;
  return new KeelsonError("KEELSON_HOOK_FAILED", message, { cause: error });
}
