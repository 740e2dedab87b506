import assert from "node:assert/strict";
import { images } from "../../../bootstrap/phases/images.ts";
import type { ChangeContext } from "../../../bootstrap/view.ts";
import { CommandError } from "../../../errors.ts";
import { blankView, bundle } from "../../support/bootstrap.ts";
import { FakeRunner } from "../../support/fake-runner.ts";
import type { Reply } from "../../support/fake-runner.ts";

const archives = bundle.files.filter(({ kind }) => kind === "images");
const extra = { ...archives[0], sha256: "7".repeat(64), name: "extra", images: ["example.com/extra:1"] };
const view = blankView("controlPlane", {
  bundle: { ...bundle, files: [...bundle.files, extra] as typeof bundle.files },
});

/** Imports on a host where they take until they are told to end. */
class Imports {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, (reply: Reply) => void>();
  readonly done: Promise<void>;

  constructor() {
    const unit = /--unit=keelson-run-images-(\S)/;
    const runner = new FakeRunner("cp1", [
      [
        unit,
        (command) => {
          const digit = unit.exec(command)?.[1] ?? "";
          this.begun.push(digit);
          return new Promise<Reply>((resolve) => this.#ends.set(digit, resolve));
        },
      ],
    ]);
    const context: ChangeContext = { runner, signal: new AbortController().signal, log: () => undefined };
    const [change, ...others] = images.plan(view);
    assert.deepEqual(others, []);
    this.done = change?.work(context) ?? Promise.reject(new Error("nothing to import"));
    this.done.catch(() => undefined);
  }

  async end(digit: string, reply: Reply = ""): Promise<void> {
    this.#ends.get(digit)?.(reply);
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

describe("the images phase", () => {
  it("says in one line what it imports", () => {
    assert.deepEqual(
      images.plan(view).map(({ intent }) => intent),
      [`import images ${[...archives, extra].flatMap((file) => file.images ?? []).join(", ")}`],
    );
  });

  it("imports two archives at a time", async () => {
    const imports = new Imports();
    await turns();
    assert.deepEqual(imports.begun, ["5", "6"]);

    await imports.end("6");
    assert.deepEqual(imports.begun, ["5", "6", "7"]);
    await imports.end("5");
    await imports.end("7");

    await imports.done;
  });

  it("fails when no import runs any more, with the error of the one that failed", async () => {
    const imports = new Imports();
    let isOver = false;
    const settled = imports.done.finally(() => (isOver = true)).catch((error: unknown) => error);
    await imports.end("5", { exitCode: 1, stderr: "no space left on device" });
    await imports.end("7");
    assert.equal(isOver, false);

    await imports.end("6");

    const error = await settled;
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /images-55555555/);
    assert.match(error.stderr, /no space left/);
  });
});
