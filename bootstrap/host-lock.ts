import { hostname } from "node:os";
import { KeelsonError } from "../errors.ts";
import { quote } from "../remote/quote.ts";
import type { Runner } from "../remote/runner.ts";
import { paths } from "./paths.ts";

/**
 * Works while holding the host's lock. The lock lives in an SSH session: when this process dies, the host frees it.
 *
 * @throws KeelsonError KEELSON_LOCKED, naming who holds the lock
 */
export async function withHostLock<Result>(
  runner: Runner,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const session = await runner.open(lockCommand(), { signal });
  if (session.firstLine !== "held") {
    await session.close();
    const owner = session.firstLine.replace(/^busy ?/, "") || "unknown";
    throw new KeelsonError(
      "KEELSON_LOCKED",
      `Cannot work on ${runner.host}: another run holds the lock of the host ("${owner}")`,
    );
  }
  try {
    return await work();
  } finally {
    await session.close();
  }
}

/** Descriptor 9 is closed for `cat`'s children only by their end: the lock ends with the input. */
function lockCommand(): string {
  const owner = `${hostname()} pid ${String(process.pid)} since ${new Date().toISOString()}`;
  return [
    `mkdir -p -m 700 ${paths.run} && exec 9<>${paths.lock}`,
    `if flock -n 9; then echo ${quote(owner)} >${paths.lock}.owner; echo held; cat >/dev/null`,
    `else echo "busy $(cat ${paths.lock}.owner 2>/dev/null)"; fi`,
  ].join("\n");
}
