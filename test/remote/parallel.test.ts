import assert from "node:assert/strict";
import { KeelsonError, ProblemsError } from "../../errors.ts";
import { parallel } from "../../remote/parallel.ts";

const options = { what: "read the hosts", where: (item: number) => `host${item}` };

describe("parallel", () => {
  it("returns the results in the order of the items", async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const results = parallel([1, 2, 3], options, async (item) => {
      if (item === 1) await gate;
      if (item === 3) open();
      return item * 10;
    });
    assert.deepEqual(await results, [10, 20, 30]);
  });

  it("works on no more items at once than the limit", async () => {
    let now = 0;
    let most = 0;
    await parallel(
      Array.from({ length: 20 }, (_, index) => index),
      { ...options, limit: 3 },
      async () => {
        most = Math.max(most, (now += 1));
        await Promise.resolve();
        now -= 1;
      },
    );
    assert.equal(most, 3);
  });

  it("lets the others finish when one fails, and throws its error as it is", async () => {
    const finished: number[] = [];
    const failure = new KeelsonError("KEELSON_HOST_UNREACHABLE", "Cannot reach host1");
    const running = parallel([1, 2, 3], options, (item) => {
      if (item === 1) return Promise.reject(failure);
      finished.push(item);
      return Promise.resolve();
    });
    await assert.rejects(running, (error) => error === failure);
    assert.deepEqual(finished, [2, 3]);
  });

  it("names every item that failed", async () => {
    const running = parallel([1, 2, 3], options, (item) =>
      item === 2
        ? Promise.resolve()
        : Promise.reject(
            item === 1 ? new KeelsonError("KEELSON_HOST_AUTH_FAILED", "Cannot log in") : new Error("a fault"),
          ),
    );
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof ProblemsError);
      assert.deepEqual(
        error.problems.map(({ code, where, message }) => [code, where, message]),
        [
          ["KEELSON_HOST_AUTH_FAILED", "host1", "Cannot log in"],
          ["KEELSON_INTERNAL", "host3", "a fault"],
        ],
      );
      assert.ok(error.cause instanceof AggregateError);
      assert.equal(error.cause.errors.length, 2);
      return true;
    });
  });

  it("keeps the problems of errors that carry several", async () => {
    const several = (where: string): ProblemsError =>
      new ProblemsError("judge", [{ code: "KEELSON_HOST_TOO_SMALL", where, message: "small" }]);
    const running = parallel([1, 2], options, (item) => Promise.reject(several(`deep${item}`)));
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof ProblemsError);
      assert.deepEqual(
        error.problems.map(({ where }) => where),
        ["deep1", "deep2"],
      );
      return true;
    });
  });

  it("begins nothing after an abort", async () => {
    const abort = new AbortController();
    const begun: number[] = [];
    const running = parallel([1, 2, 3], { ...options, limit: 1, signal: abort.signal }, (item) => {
      begun.push(item);
      abort.abort();
      return Promise.resolve();
    });
    await assert.rejects(running, { code: "KEELSON_ABORTED" });
    assert.deepEqual(begun, [1]);
  });

  it("reports a real failure rather than the cancellation that followed it", async () => {
    const failure = new Error("a fault");
    const running = parallel([1, 2, 3], options, (item) =>
      Promise.reject(item === 2 ? failure : new KeelsonError("KEELSON_ABORTED", "Cannot go on")),
    );
    await assert.rejects(running, (error) => error === failure);
  });
});
