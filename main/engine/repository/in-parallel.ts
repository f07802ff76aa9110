/** Runs `work` over all items, at most `limit` at a time; the first failure stops the rest from starting. */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T, position: number) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let next = 0;
  let over = false;
  const lane = async (): Promise<void> => {
    while (!over) {
      const { done, value } = waiting.next();
      if (done) return;
      try {
        await work(value, next++);
      } catch (error) {
        over = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
}
