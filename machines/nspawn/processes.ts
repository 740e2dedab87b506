import { bootId, startTime } from "../../toolchain/processes.ts";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, as `startTime` tells it. */
  readonly started: string;
  /** The boot of this computer that it belongs to. */
  readonly boot: string;
}

/** Reads what a supervisor or a mirror wrote about itself: pid, start time and boot id in one line. */
export function parseProcessId(line: string | undefined): ProcessId | undefined {
  const [pid, started, boot] = (line ?? "").trim().split(" ");
  if (pid === undefined || started === undefined || boot === undefined || !/^\d+$/.test(pid))
    return undefined;
  return { pid: Number(pid), started, boot };
}

/** The environment of what outlives this process: tools are found, and the state folder tells whose process it is. */
export function lastingEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], KEELSON_STATE: process.env["KEELSON_STATE"] };
}

export async function isRunning(process: ProcessId | undefined): Promise<boolean> {
  if (process === undefined || process.boot !== (await bootId())) return false;
  return (await startTime(process.pid)) === process.started;
}

/** Sends a signal if the process is still the one that was recorded. */
export async function signalProcess(
  target: ProcessId | undefined,
  signal: NodeJS.Signals | number,
): Promise<void> {
  if (target === undefined || !(await isRunning(target))) return;
  sendSignal(target.pid, signal);
}

/** Sends a signal to a process that may have ended in between. */
export function sendSignal(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
