import { CommandError } from "../errors.ts";
import { command, quote } from "../remote/quote.ts";
import { paths } from "./paths.ts";
import type { ChangeContext } from "./view.ts";

/** Begins the name of every unit of a run; other units of keelson's are none of its business. */
export const unitPrefix = "keelson-run-";

export interface UnitRun {
  /** Names the unit `keelson-run-<name>`, under which a later run finds it. */
  readonly name: string;
  /** A shell script without secrets. */
  readonly script: string;
  readonly deadlineSeconds: number;
}

/**
 * Runs a long command as a transient unit of the host's systemd, which outlives a lost connection and has a name. Its
 * output goes to a file that only root reads, since kubeadm prints tokens; the error carries its end without them.
 *
 * @throws CommandError if the script fails
 */
export async function runUnit(
  context: ChangeContext,
  { name, script, deadlineSeconds }: UnitRun,
): Promise<void> {
  const { runner, signal } = context;
  const unit = `${unitPrefix}${name}`;
  const log = `${paths.run}/${name}.log`;
  // systemd would expand variables in a command line, so that the script comes as a file.
  const file = `${paths.run}/${name}.sh`;
  const line = [
    command`mkdir -p -m 700 ${paths.run} && cat >${file} && systemd-run --quiet --wait --collect --unit=${unit}`,
    command`--description=${`keelson: ${name}`} --property=RuntimeMaxSec=${deadlineSeconds} sh ${file}`,
    `|| { code=$?; ${tail(log)}; ${untilGone}; exit $code; }; ${command`rm -f ${[log, file]}`}`,
  ].join(" ");
  const stdin = `umask 077; exec >${log} 2>&1 </dev/null; umask 022\n${script}\n`;
  try {
    await runner.run(line, { signal, stdin });
  } catch (error) {
    if (signal.aborted) await stopUnits(context, [`${unit}.service`]).catch(() => undefined);
    if (!(error instanceof CommandError)) throw error;
    const { host, exitCode, stdout, stderr } = error;
    throw new CommandError({ host, command: name, exitCode, stdout, stderr });
  }
}

/**
 * Shell words that enable a unit whose file below `/etc/systemd/system` is new or has changed. systemd reads a unit that
 * it does not know when it is asked for; it reads all its files anew, which takes longer than most that is done to a
 * host, only if what it knows of this one is old.
 */
export function enableUnit(unit: string): string {
  const known = ["NeedDaemonReload=no", "UnitFileState=enabled", `FragmentPath=${unitFolder}/${unit}`];
  const count = command`systemctl show -p ${"FragmentPath,NeedDaemonReload,UnitFileState"} ${unit} | grep -cxF ${known.flatMap((line) => ["-e", line])}`;
  const reload = `[ "$(${count})" = ${String(known.length)} ] || systemctl daemon-reload`;
  return `${command`systemctl enable --quiet --no-reload ${unit}`} && { ${reload}; }`;
}

const unitFolder = "/etc/systemd/system";

/**
 * A host that shuts down ends its units before it ends connections. Whoever waits for that hears of a host that is gone
 * and not of a script that failed.
 */
const untilGone = `[ "$(systemctl is-system-running)" != stopping ] || sleep 60`;

/** Stops units and waits until they are gone. */
export async function stopUnits(
  { runner }: Pick<ChangeContext, "runner">,
  units: readonly string[],
): Promise<void> {
  if (units.length > 0) await runner.run(command`systemctl stop ${units}`);
}

/** The end of the log without colours, tokens and kubeadm's hint at its own stack traces. */
function tail(log: string): string {
  const filters = [
    "s/\\x1b\\[[0-9;]*m//g",
    "s/[a-z0-9]{6}\\.[a-z0-9]{16}/<token>/g",
    "s#://[^/@[:space:]]+@#://<user>@#g",
    "/To see the stack trace/d",
  ];
  return `sed -E ${filters.map((filter) => `-e ${quote(filter)}`).join(" ")} ${log} | tail -n 12 >&2`;
}
