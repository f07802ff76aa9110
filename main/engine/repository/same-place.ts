import { withLock } from './locks.ts';
import type { Repository } from './repository.ts';

/** Between the two listings a lock may come or go. */
const LOOKS = 3;

/**
 * Whether both are one repository at one place, reached in two ways: a link, a mount, a remote that leads to the same folder.
 * A lock that is written through one of them is seen through the other. A clone has the same id too, but not that lock.
 * `false` as well where no lock can be written: nothing can be stored there either.
 * @throws `repo/locked` while another program changes the repository, `store/…` when one of them does not answer
 */
export async function isSamePlace(one: Repository, other: Repository, signal?: AbortSignal): Promise<boolean> {
  if (one.config.id !== other.config.id) return false;
  const work = async (held: AbortSignal): Promise<boolean> => {
    for (let look = 1; ; look++) {
      const there = await one.store.list('locks', held);
      const seen = new Set((await other.store.list('locks', held)).map(({ id }) => id));
      const allSeen = there.length > 0 && there.every(({ id }) => seen.has(id));
      if (allSeen || look === LOOKS) return allSeen;
    }
  };
  return withLock(one, 'shared', work, {
    waitMs: 10_000,
    ...(signal ? { signal } : {}),
    onUnwritable: () => undefined,
  });
}
