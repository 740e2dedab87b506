import { get } from "node:https";
import { setTimeout as pause } from "node:timers/promises";

export interface ApiWatch {
  /** Ends the watch, and tells what went wrong meanwhile. */
  readonly end: () => Promise<WatchReport>;
}

export interface WatchReport {
  readonly failures: readonly string[];
  readonly asked: number;
  /** The longest time between two good answers, in milliseconds. */
  readonly longestSilenceMs: number;
}

/** Asks an API server, or who stands before several, ten times a second over a new connection each, until it is ended. */
export function watchApi(host: string, port = 6443, path = "/readyz"): ApiWatch {
  const failures: string[] = [];
  const stop = new AbortController();
  let asked = 0;
  let lastGood = performance.now();
  let longestSilenceMs = 0;
  const asking = (async () => {
    while (!stop.signal.aborted) {
      const answer = await ask(host, port, path);
      asked += 1;
      if (answer === "200") {
        longestSilenceMs = Math.max(longestSilenceMs, performance.now() - lastGood);
        lastGood = performance.now();
      } else failures.push(answer);
      await pause(100);
    }
  })();
  return {
    end: async () => {
      stop.abort();
      await asking;
      return { failures, asked, longestSilenceMs: Math.round(longestSilenceMs) };
    },
  };
}

function ask(host: string, port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { host, port, path, rejectUnauthorized: false, agent: false, timeout: 3000 };
    const request = get(options, (response) => {
      response.resume().once("end", () => {
        resolve(String(response.statusCode));
      });
    });
    request.once("timeout", () => request.destroy(new Error("no answer in time")));
    request.once("error", ({ message }) => {
      resolve(message);
    });
  });
}
