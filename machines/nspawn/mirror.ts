import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { KeelsonError } from "../../errors.ts";
import { isRunning, lastingEnvironment, parseProcessId, signalProcess } from "./processes.ts";
import { readOptional } from "./records.ts";
import { retryUntil } from "./retry.ts";
import { mirrorProgram, type MirrorSettings } from "./serve-mirror.ts";
import type { FleetPaths } from "./layout.ts";

/**
 * Starts the fleet's mirror if it does not run, and returns its port; a mirror that runs again keeps its port.
 * Throws KEELSON_MACHINE_FAILED with the mirror's last words if it cannot listen.
 */
export async function ensureMirror(
  paths: FleetPaths,
  address: string,
  folders: MirrorSettings["folders"],
): Promise<number> {
  const before = await readOptional(paths.mirrorRecord);
  const port = parsePort(before);
  if (port !== 0 && (await isRunning(parseProcessId(before)))) return port;
  const child = launch({ address, port, folders, record: paths.mirrorRecord }, paths.mirrorLog);
  const listening = await retryUntil(10_000, async () => {
    const now = await readOptional(paths.mirrorRecord);
    if (now !== undefined && now !== before) return parsePort(now);
    return child.exitCode === null ? undefined : 0;
  });
  if (listening !== undefined && listening !== 0) return listening;
  const log = /^Error: .*$/m.exec((await readOptional(paths.mirrorLog)) ?? "")?.[0];
  throw new KeelsonError(
    "KEELSON_MACHINE_FAILED",
    `Cannot serve packages on "${address}": ${log ?? "no answer"}`,
  );
}

/** The port that the mirror has or had last; 0 if it never ran. */
export async function mirrorPort(paths: FleetPaths): Promise<number> {
  return parsePort(await readOptional(paths.mirrorRecord));
}

/** Ends the mirror and returns when it is gone. */
export async function endMirror(paths: FleetPaths): Promise<void> {
  const process = parseProcessId(await readOptional(paths.mirrorRecord));
  await signalProcess(process, "SIGKILL");
  await retryUntil(10_000, async () => ((await isRunning(process)) ? undefined : true));
}

function parsePort(record: string | undefined): number {
  return Number((record ?? "").trim().split(" ")[3] ?? 0);
}

function launch(settings: MirrorSettings, log: string): ReturnType<typeof spawn> {
  const output = openSync(log, "w", 0o600);
  const child = spawn(process.execPath, ["--max-old-space-size=64", "--eval", mirrorProgram(settings)], {
    cwd: "/",
    detached: true,
    env: lastingEnvironment(),
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.unref();
  return child;
}
