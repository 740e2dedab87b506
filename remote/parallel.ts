import { KeelsonError, ProblemsError, throwIfAborted } from "../errors.ts";
import type { Problem } from "../errors.ts";

export interface ParallelOptions<Item> {
  /** What is done to all items together, for the error: `read the hosts`. */
  readonly what: string;
  /** Names an item in the error. */
  readonly where: (item: Item) => string;
  /** How many items are worked on at once. @default 8 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * Works on all items, a bounded number at once, and returns the results in their order. A failure does not stop the
 * others, so that one run finds everything; after an abort no further item begins.
 *
 * @throws the error itself if one item failed, ProblemsError (its `cause` holds all errors) if several did,
 * KeelsonError KEELSON_ABORTED if the signal was aborted
 */
export async function parallel<Item, Result>(
  items: readonly Item[],
  options: ParallelOptions<Item>,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const { what, where, limit = 8, signal } = options;
  const results: Result[] = [];
  const failures: { where: string; error: unknown }[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (signal?.aborted === true) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failures.push({ where: where(item), error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  const real = failures.filter(({ error }) => !(KeelsonError.is(error) && error.code === "KEELSON_ABORTED"));
  if (real.length > 0) throw combined(what, real);
  if (failures[0] !== undefined) throw failures[0].error;
  throwIfAborted(signal, what);
  return results;
}

function combined(what: string, failures: readonly { where: string; error: unknown }[]): unknown {
  const [first] = failures;
  if (failures.length === 1) return first?.error;
  const all = new ProblemsError(
    what,
    failures.flatMap(({ where, error }) => problemsOf(where, error)),
  );
  const errors = failures.map(({ error }) => error);
  all.cause = new AggregateError(errors, `${String(errors.length)} errors`);
  return all;
}

function problemsOf(where: string, error: unknown): readonly Problem[] {
  if (error instanceof ProblemsError) return error.problems;
  if (KeelsonError.is(error)) return [{ code: error.code, where, message: error.message, fix: error.fix }];
  return [
    { code: "KEELSON_INTERNAL", where, message: error instanceof Error ? error.message : String(error) },
  ];
}
