const reasonKey = Symbol.for("keelson.skipReason");

/** Where a reason is kept: on the test, or on the suite when a hook skipped it. */
type Carrier = object & { [reasonKey]?: string };

interface Reasoned {
  readonly parent?: Reasoned | undefined;
}

/**
 * Skips the test or, in a hook, its whole suite, and says why.
 *
 * @throws Error where `CI` is true: a test that cannot run there would pass unseen
 */
export function skipBecause(context: Mocha.Context, reason: string): never {
  if (process.env["CI"] === "true") throw new Error(`Cannot skip on CI: ${reason}`);
  // The types of mocha lack the kind of a runnable.
  const runnable = context.runnable() as Mocha.Runnable & { readonly type?: string };
  skipWith((runnable.type === "hook" ? runnable.parent : runnable) ?? runnable, reason);
  context.skip();
}

/** Skips the suite of a hook where machines of this computer cannot be made. */
export function skipWithoutLocalMachines(context: Mocha.Context): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    skipBecause(context, "local machines need Linux and root");
  }
}

/** Notes why a test, or a suite, is skipped. */
export function skipWith(carrier: Carrier, reason: string): void {
  carrier[reasonKey] = reason;
}

/** The reason given for a skipped test: its own, or the nearest suite's. */
export function skipReason(test: Reasoned): string | undefined {
  for (let at: (Reasoned & Carrier) | undefined = test; at !== undefined; at = at.parent) {
    if (at[reasonKey] !== undefined) return at[reasonKey];
  }
  return undefined;
}
