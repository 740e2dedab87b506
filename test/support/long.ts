import { skipWith } from "./skip.ts";

const reason = "runs as npm run test:long";

/** True in `npm run test:long`. */
const isLongRun = process.env["KEELSON_LONG"] === "1";

/** Declares a test that takes too long for every change: `npm test` lists it as skipped, `npm run test:long` runs it. */
export function itLong(title: string, body: Mocha.AsyncFunc): void {
  if (isLongRun) it(title, body);
  else skipWith(it(title), reason);
}

/** `itLong` for a whole group. */
export function describeLong(title: string, body: () => void): void {
  describe(title, function () {
    if (!isLongRun) {
      skipWith(this, reason);
      this.pending = true;
    }
    body();
  });
}
