/**
 * The first way that leads somewhere. They are tried in order; the next one begins when one fails, or when it has not
 * answered within the stagger (in milliseconds), so that a silent way does not hold up the others.
 *
 * @throws AggregateError with the errors of all ways
 */
export function firstLiving<Value>(
  ways: readonly (() => Promise<Value>)[],
  staggerMs: number,
  discard: (late: Value) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const failures: unknown[] = [];
    let begun = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
    };
    const fail = (error: unknown): void => {
      failures.push(error);
      if (settled) return;
      if (failures.length < ways.length) {
        begin();
        return;
      }
      settle();
      reject(new AggregateError(failures, "no way leads there"));
    };
    const begin = (): void => {
      clearTimeout(timer);
      const way = ways[begun];
      if (way === undefined) return;
      begun += 1;
      timer = setTimeout(begin, staggerMs);
      way().then((value) => {
        if (settled) {
          discard(value);
          return;
        }
        settle();
        resolve(value);
      }, fail);
    };
    if (ways.length === 0) reject(new AggregateError([], "there is no way"));
    else begin();
  });
}

/** Finds a living way again and again. */
export interface LivingWay<Value> {
  (): Promise<Value>;
  /** Puts the way that worked last behind all others: it leads to somebody who does not serve. */
  shun(): void;
}

/**
 * `firstLiving` again and again: the way that worked last is tried before all others, so that a dead one is waited for
 * once.
 */
export function livingWay<Value>(
  ways: readonly (() => Promise<Value>)[],
  staggerMs: number,
  discard: (late: Value) => void,
): LivingWay<Value> {
  let order = ways;
  const find = async (): Promise<Value> => {
    const named = order.map((way) => async () => ({ way, value: await way() }));
    const { way, value } = await firstLiving(named, staggerMs, (late) => {
      discard(late.value);
    });
    order = [way, ...order.filter((other) => other !== way)];
    return value;
  };
  const shun = (): void => {
    order = [...order.slice(1), ...order.slice(0, 1)];
  };
  return Object.assign(find, { shun });
}
