import { hasCode, TriplicateError } from '../errors.ts';
import { isId, type PackId } from '../ids.ts';
import { inParallel } from './in-parallel.ts';
import type { Repository } from './repository.ts';

/** What became of snapshots that a listing does not name. */
export interface Unlisted {
  /** Not there when asked for by name: forgotten. */
  readonly gone: readonly string[];
  /** There, though the listing leaves them out. */
  readonly hidden: readonly string[];
}

/**
 * Asks by name for each known snapshot that is not listed: a listing alone proves nothing of what it leaves out, and some
 * servers leave out the same files every time. @throws `store/…` when the place gives no clear answer
 */
export function askForUnlisted(
  repository: Pick<Repository, 'store'>,
  known: Iterable<string>,
  listed: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Unlisted> {
  return askFor('snapshots', repository, known, listed, signal);
}

async function askFor(
  type: 'snapshots' | 'index',
  { store }: Pick<Repository, 'store'>,
  known: Iterable<string>,
  listed: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Unlisted> {
  const gone: string[] = [];
  const hidden: string[] = [];
  const asked = [...new Set(known)].filter((id) => isId(id) && !listed.has(id));
  await inParallel(asked, store.capabilities.connections, async (id) => {
    try {
      // All of it: it is small, and some servers answer a question for the size wrongly.
      await store.get({ type, id }, undefined, signal);
      hidden.push(id);
    } catch (error) {
      if (!hasCode(error, 'store/not-found')) throw error;
      gone.push(id);
    }
  });
  return { gone, hidden };
}

/** As `askForUnlisted`, for whoever deletes: one snapshot that is hidden ends it. @throws `store/list-incomplete`, `store/…` */
export async function expectAllListed(
  repository: Pick<Repository, 'store'>,
  known: Iterable<string>,
  listed: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<{ readonly gone: readonly string[] }> {
  const { gone, hidden } = await askForUnlisted(repository, known, listed, signal);
  refuseHidden(hidden, 'snapshots', ['snapshot', 'snapshots']);
  return { gone };
}

/**
 * Asks by name for each known index file that is not listed, for whoever deletes packs: one that only a hidden file names looks as
 * if nobody needed it. @throws `store/list-incomplete`, `store/…`
 */
export async function expectIndexListed(
  repository: Pick<Repository, 'store'>,
  known: Iterable<string>,
  listed: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<void> {
  const { hidden } = await askFor('index', repository, known, listed, signal);
  refuseHidden(hidden, 'index', ['index file', 'index files']);
}

/**
 * Those of the known index files that are there, though the listing leaves them out. @throws `store/…`, also
 * `store/list-incomplete` for whoever would store again what they name
 */
export async function hiddenIndexFiles(
  repository: Pick<Repository, 'store'>,
  known: Iterable<string>,
  listed: ReadonlySet<string>,
  { hidden: then, signal }: { readonly hidden: 'give' | 'refuse'; readonly signal?: AbortSignal },
): Promise<readonly string[]> {
  const { hidden } = await askFor('index', repository, known, listed, signal);
  if (then === 'refuse') refuseHidden(hidden, 'index', ['index file', 'index files'], 'stored');
  return hidden;
}

function refuseHidden(
  hidden: readonly string[],
  type: 'snapshots' | 'index',
  [one, many]: readonly [one: string, many: string],
  what: 'removed' | 'stored' = 'removed',
): void {
  const [first] = hidden;
  if (first === undefined) return;
  const which = hidden.length === 1 ? `${one} ${first.slice(0, 8)} is` : `${hidden.length} ${many} are`;
  throw new TriplicateError(
    'store/list-incomplete',
    `Nothing was ${what}: ${which} there, but missing from the list that the destination gives.`,
    { data: { [type]: hidden } },
  );
}

/**
 * For whoever removes packs that only these index files named: one that is still there, whatever the place said of its removal,
 * would go on naming them, and other programs would take what they held for stored. @throws `store/denied`, `store/…`
 */
export async function expectIndexGone(
  { store }: Pick<Repository, 'store'>,
  removed: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (removed.length === 0) return;
  const listed = new Set((await store.list('index', signal)).map(({ id }) => id));
  // Some places list for a while what is gone.
  const asked = removed.filter((id) => listed.has(id));
  const [left] = (await askFor('index', { store }, asked, new Set(), signal)).hidden;
  if (left === undefined) return;
  throw new TriplicateError(
    'store/denied',
    `${store.location} says that it has removed the index file ${left.slice(0, 8)}, and still has it.`,
    {
      data: { index: [left] },
      hint: 'All that is stored is safe: no pack that it names was removed. Try again; when it stays so, the server or a cache before it is at fault.',
    },
  );
}

/**
 * Asks by name for packs that are to be forgotten because a listing leaves them out: what each holds may be whole only there.
 * @throws `store/list-incomplete` when one is there, `store/…` when the place gives no clear answer
 */
export async function expectPacksGone(
  { store }: Pick<Repository, 'store'>,
  packs: readonly PackId[],
  signal?: AbortSignal,
): Promise<void> {
  await inParallel(packs, store.capabilities.connections, async (id) => {
    try {
      await store.get({ type: 'data', id }, { offset: 0, length: 1 }, signal);
    } catch (error) {
      if (hasCode(error, 'store/not-found')) return;
      throw error;
    }
    throw new TriplicateError(
      'store/list-incomplete',
      `Nothing was removed: pack ${id.slice(0, 8)} is there, but missing from the list that the destination gives.`,
      { data: { packs: [id] } },
    );
  });
}
