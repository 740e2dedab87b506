import { get } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

/** What was seen of something that was asked again and again. */
export interface Watched {
  readonly asked: number;
  /** Why a request failed, in order. */
  readonly failures: readonly string[];
  /** The longest time from one answer to the next, in seconds. */
  readonly gapSeconds: number;
}

export interface Watch {
  /** Resolves when it answered for the first time. */
  readonly answered: Promise<void>;
  end(): Promise<Watched>;
}

const everyMs = 150;
const patienceMs = 1000;

/** Asks again and again, one request after the other, until it is ended. */
export function watch(ask: (signal: AbortSignal) => Promise<unknown>): Watch {
  const stop = new AbortController();
  const first = Promise.withResolvers<undefined>();
  const failures: string[] = [];
  let asked = 0;
  let gapMs = 0;
  let last = performance.now();
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const began = performance.now();
      asked += 1;
      try {
        await ask(AbortSignal.timeout(patienceMs));
        const now = performance.now();
        if (asked > 1) gapMs = Math.max(gapMs, now - last);
        last = now;
        first.resolve(undefined);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
      await pause(Math.max(0, everyMs - (performance.now() - began)));
    }
  };
  const ended = work();
  return {
    answered: first.promise,
    end: async () => {
      stop.abort();
      await ended;
      // What did not answer any more has its longest gap now.
      return { asked, failures, gapSeconds: Math.max(gapMs, performance.now() - last) / 1000 };
    },
  };
}

/** Asks an API server over a new connection whether it is ready. */
export async function askReady(dial: () => Promise<Duplex>, signal: AbortSignal): Promise<void> {
  const raw = await unlessLate(dial(), signal);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      raw.destroy();
      reject(error);
    };
    raw.on("error", fail);
    const socket = connectTls({ socket: raw, rejectUnauthorized: false }).once("error", fail);
    const request = get({ path: "/readyz", createConnection: () => socket, signal }, (response) => {
      response.resume().once("end", () => {
        socket.destroy();
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${String(response.statusCode)}`));
      });
    });
    request.once("error", fail);
  });
}

/** A connection from this computer. */
export function dialFromHere(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => {
      resolve(socket.off("error", reject));
    }).once("error", reject);
  });
}

async function unlessLate(dialing: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => {
    dialing.then(
      (socket) => socket.destroy(),
      () => undefined,
    );
    late.reject(new Error("no connection in time"));
  };
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([dialing, late.promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
