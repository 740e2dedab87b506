import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import { quote } from "../remote/quote.ts";
import type { Runner, Session } from "../remote/runner.ts";
import { paths } from "./paths.ts";
import { ownerName, thisRun } from "./run-owner.ts";

/** How long a run waits for the lock of a host. */
export interface LockPatience {
  /** In milliseconds. @default 30000 */
  readonly patienceMs?: number;
  /** In milliseconds. @default 1000 */
  readonly pauseMs?: number;
  readonly onWaiting?: (why: string) => void;
}

/**
 * Works while holding the host's lock. The lock lives in an SSH session: when this process dies, the host frees it.
 * A run that has it is waited for, for a while.
 *
 * @throws KeelsonError KEELSON_LOCKED, naming who holds the lock and since when
 */
export async function withHostLock<Result>(
  runner: Runner,
  signal: AbortSignal,
  work: () => Promise<Result>,
  patience: LockPatience = {},
): Promise<Result> {
  const session = await lock(runner, signal, patience);
  try {
    return await work();
  } finally {
    await session.close();
  }
}

async function lock(
  runner: Runner,
  signal: AbortSignal,
  { patienceMs = 30_000, pauseMs = 1000, onWaiting }: LockPatience,
): Promise<Session> {
  const command = lockCommand(`${ownerName(await thisRun())} since ${new Date().toISOString()}`);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    throwIfAborted(signal, `work on ${runner.host}`);
    const session = await runner.open(command, { signal });
    if (session.firstLine === "held") return session;
    await session.close();
    const owner = session.firstLine.replace(/^busy ?/, "") || "unknown";
    if (Date.now() >= deadline) throw locked(runner.host, owner);
    onWaiting?.(`waits for the lock of the host, which ${owner} holds`);
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function locked(host: string, owner: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_LOCKED",
    `Cannot work on ${host}: another run holds the lock of the host ("${owner}")`,
  );
}

/** Descriptor 9 is closed for `cat`'s children only by their end: the lock ends with the input. */
function lockCommand(owner: string): string {
  return [
    `mkdir -p -m 700 ${paths.run} && exec 9<>${paths.lock}`,
    `if flock -n 9; then echo ${quote(owner)} >${paths.lock}.owner; echo held; cat >/dev/null`,
    `else echo "busy $(cat ${paths.lock}.owner 2>/dev/null)"; fi`,
  ].join("\n");
}
