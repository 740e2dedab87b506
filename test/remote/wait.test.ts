import assert from "node:assert/strict";
import { KeelsonError } from "../../errors.ts";
import { waitFor } from "../../remote/wait.ts";

const unreachable = new KeelsonError("KEELSON_HOST_UNREACHABLE", "Cannot reach cp1:22: refused");

describe("waitFor", () => {
  it("returns the first value", async () => {
    const answers = [undefined, undefined, "here"];
    assert.equal(
      await waitFor({ what: "it", deadlineMs: 5000, probe: () => Promise.resolve(answers.shift()) }),
      "here",
    );
  });

  it("looks as often as it is asked to", async () => {
    let left = 50;
    const probe = (): Promise<true | undefined> => Promise.resolve((left -= 1) === 0 || undefined);

    assert.equal(await waitFor({ what: "it", deadlineMs: 5000, longestPauseMs: 1, probe }), true);
  });

  it("takes false and zero for values", async () => {
    assert.equal(await waitFor({ what: "it", deadlineMs: 5000, probe: () => Promise.resolve(false) }), false);
  });

  it("takes an unreachable host for not yet", async () => {
    let tries = 0;
    const probe = (): Promise<string> => {
      tries += 1;
      return tries === 1 ? Promise.reject(unreachable) : Promise.resolve("up");
    };
    assert.equal(await waitFor({ what: "cp1", deadlineMs: 5000, probe }), "up");
  });

  it("ends at once for an error that waiting cannot mend", async () => {
    const failure = new KeelsonError("KEELSON_HOST_AUTH_FAILED", "Cannot log in");
    const waiting = waitFor({ what: "cp1", deadlineMs: 60_000, probe: () => Promise.reject(failure) });
    await assert.rejects(waiting, (error) => error === failure);
  });

  it("names the diagnosis at the deadline", async () => {
    const waiting = waitFor({
      what: "node w1 to be Ready",
      deadlineMs: 20,
      probe: () => Promise.resolve(undefined),
      diagnose: () => Promise.resolve("the pod network is not installed"),
    });
    await assert.rejects(waiting, {
      code: "KEELSON_TIMEOUT",
      message:
        "Cannot wait any longer for node w1 to be Ready: not so after 0 s (the pod network is not installed)",
    });
  });

  it("names the last failure when there is no diagnosis", async () => {
    const waiting = waitFor({ what: "cp1", deadlineMs: 20, probe: () => Promise.reject(unreachable) });
    await assert.rejects(waiting, /\(Cannot reach cp1:22: refused\)$/);
  });

  it("lets the probe's answer stand when the diagnosis fails", async () => {
    const waiting = waitFor({
      what: "cp1",
      deadlineMs: 20,
      probe: () => Promise.reject(unreachable),
      diagnose: () => Promise.reject(new Error("no log")),
    });
    await assert.rejects(waiting, /\(Cannot reach cp1:22: refused\)$/);
  });

  it("says why it waits", async () => {
    const said: string[] = [];
    let tries = 0;
    await waitFor({
      what: "it",
      deadlineMs: 5000,
      reportMs: 0,
      probe: () => Promise.resolve((tries += 1) > 1 ? true : undefined),
      diagnose: () => Promise.resolve("still pulling"),
      onWaiting: (diagnosis) => said.push(diagnosis),
    });
    assert.deepEqual(said, ["still pulling"]);
  });

  it("ends with the run", async () => {
    const abort = new AbortController();
    const waiting = waitFor({
      what: "it",
      deadlineMs: 60_000,
      signal: abort.signal,
      probe: () => {
        abort.abort();
        return Promise.resolve(undefined);
      },
    });
    await assert.rejects(waiting, { code: "KEELSON_ABORTED" });
  });

  it("hands the probe a signal that ends with the deadline", async () => {
    const waiting = waitFor({
      what: "it",
      deadlineMs: 20,
      probe: (signal) =>
        new Promise<undefined>((resolve) => {
          signal.addEventListener("abort", () => {
            resolve(undefined);
          });
        }),
    });
    await assert.rejects(waiting, { code: "KEELSON_TIMEOUT" });
  });
});
