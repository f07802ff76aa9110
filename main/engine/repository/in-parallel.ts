/**
 * Runs `work` over all items, at most `limit` at a time; the first failure stops the rest from starting. It is thrown when
 * what was under way has ended too: nothing is written any more after a lock was released or leftovers were removed.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T, position: number) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (!failure) {
      const { done, value } = waiting.next();
      if (done) return;
      try {
        await work(value, next++);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failure) throw failure.error;
}
