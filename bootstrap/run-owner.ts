import { randomUUID } from "node:crypto";
import { readlink } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { bootId, startTime } from "../toolchain/processes.ts";

/** Who runs: a process, said in a way in which another one can ask whether it lives. */
export interface RunOwner {
  /** Tells this run from every other. */
  readonly run: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started, in its system's words. */
  readonly started: string;
  /** The boot and the process namespace in which the pid means something; empty if that is not known. */
  readonly place: string;
}

/** This process. */
export async function thisRun(): Promise<RunOwner> {
  const started = (await startTime(process.pid)) ?? "";
  return {
    run: randomUUID(),
    user: userName(),
    host: hostname(),
    pid: process.pid,
    started,
    place: await placeOf(),
  };
}

/** `ann@laptop (process 4711)`, for messages. */
export function ownerName({ user, host, pid }: Pick<RunOwner, "user" | "host" | "pid">): string {
  return `${user}@${host} (process ${String(pid)})`;
}

/** Whether the owner is certainly dead: its pid would mean the same here, and that process is not there any more. */
export async function isDeadHere({ pid, started, place }: RunOwner): Promise<boolean> {
  return place !== "" && place === (await placeOf()) && (await startTime(pid)) !== started;
}

async function placeOf(): Promise<string> {
  const boot = await bootId();
  if (boot === "") return "";
  return readlink("/proc/self/ns/pid").then(
    (namespace) => `${boot} ${namespace}`,
    () => "",
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the system's table.
    return String(process.getuid?.() ?? "somebody");
  }
}
