/**
 * The result of the work; or, after an abort, undefined as soon as `stop` has ended what the work began. A failure of
 * the work after the abort is part of being ended and is not reported.
 */
export async function unlessAborted<Result>(
  signal: AbortSignal,
  work: Promise<Result>,
  stop: () => Promise<void> | void,
): Promise<Result | undefined> {
  let hear = (): void => undefined;
  const abort = new Promise<undefined>((resolve) => {
    hear = (): void => {
      resolve(undefined);
    };
    signal.addEventListener("abort", hear, { once: true });
    if (signal.aborted) hear();
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), abort]);
    if (first !== undefined) return first.value;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", hear);
  }
  work.catch(() => undefined);
  await stop();
  return undefined;
}
