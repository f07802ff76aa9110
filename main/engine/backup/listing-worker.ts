/**
 * Lists directories ahead of the walk, in its order: half of the cost of a run in which nothing has changed, done on
 * another core, and before the repository can be read.
 */
import { lstatSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type BytePath, forSystem, joinBytePath, textOf } from './byte-path.ts';
import { LONG_PATH } from './directory.ts';
import {
  countListing,
  type FolderIdentity,
  isStillAt,
  type Listing,
  listDirectory,
  nameAt,
  statAt,
} from './listing.ts';
import {
  type FromLister,
  joinListings,
  type ListedDirectory,
  type ListingRoot,
  type ListingWorkerData,
} from './listing-messages.ts';
import { printOf } from './listing-print.ts';
import { Selection } from './selection.ts';

const { roots, rules, taken, entriesAhead, share } = workerData as ListingWorkerData;
const port = parentPort as NonNullable<typeof parentPort>;
const selection = new Selection(rules);
/** The first message goes soon, so that the walk can begin; later ones are worth their way. */
const FIRST_MESSAGE = 128;
const LARGEST_MESSAGE = 4096;
/** After so many entries there is enough to do that another thread is worth its start. */
const WORTH_SHARING = 8192;

let waiting: ListedDirectory[] = [];
let waitingEntries = 0;
let messageSize = FIRST_MESSAGE;
let sent = 0;

const post = (message: FromLister, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(message, transfer);

list();
send();
post({ kind: 'over' });

/** A directory that was seen where its path says. */
interface SeenFolder extends ListingRoot {
  readonly folder: FolderIdentity;
}

/**
 * Depth first, the next directory last in `directories`. What comes behind the first half of the first folders is put aside:
 * another thread lists it, or this one does when it comes to it sooner.
 */
function list(): void {
  const directories = roots.flatMap(seen).reverse();
  let aside: SeenFolder[] | null = share === 'alone' ? [] : null;
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    const listing = next.path.length < LONG_PATH ? tryToList(next) : null;
    waiting.push({ path: next.path, listing });
    waitingEntries += 1 + (listing?.count ?? 0);
    // Before it is sent: its memory is given back then.
    if (listing) directories.push(...directoriesIn(next.path, listing).reverse());
    if (aside === null && directories.length > 1) aside = directories.splice(0, directories.length >> 1);
    if (waitingEntries >= messageSize) send();
    if (aside && aside.length > 0 && (directories.length === 0 || sent >= WORTH_SHARING)) {
      if (directories.length === 0) directories.push(...aside);
      else post({ kind: 'share', roots: aside.reverse() });
      aside = [];
    }
  }
}

function directoriesIn(path: BytePath, listing: Listing): SeenFolder[] {
  const found: SeenFolder[] = [];
  for (const position of countListing(listing).directories) {
    const stat = statAt(listing, position);
    if (!stat || selection.isOwnPlace(stat)) continue;
    found.push({ path: joinBytePath(path, nameAt(listing, position)), folder: { ino: stat.ino, dev: stat.dev } });
  }
  return found;
}

/** Null where it fails, or is another folder than was seen: the walk looks closer, or meets the error itself. */
function tryToList({ path, folder }: SeenFolder): Listing | null {
  try {
    const listing = listDirectory(path, path, selection);
    return isStillAt(path, folder) ? { ...listing, print: printOf(path, listing) } : null;
  } catch {
    return null;
  }
}

/** None where it is no directory, or excluded. */
function seen({ path, folder }: ListingRoot): readonly SeenFolder[] {
  if (folder) return [{ path, folder }];
  if (selection.excludes(textOf(path))) return [];
  const stat = lstatSync(forSystem(path), { bigint: true, throwIfNoEntry: false });
  return stat?.isDirectory() ? [{ path, folder: { ino: stat.ino, dev: stat.dev } }] : [];
}

/** Sends what has gathered, and waits while the walk is too far behind. */
function send(): void {
  if (waiting.length === 0) return;
  const message = joinListings(waiting);
  const { names, ends, stats, prints } = message;
  post({ kind: 'listed', message }, [names.buffer, ends.buffer, stats.buffer, prints.buffer]);
  sent += waitingEntries;
  waiting = [];
  waitingEntries = 0;
  messageSize = Math.min(messageSize * 2, LARGEST_MESSAGE);
  for (let done = Atomics.load(taken, 0); sent - done > entriesAhead; done = Atomics.load(taken, 0)) {
    Atomics.wait(taken, 0, done, 1_000);
  }
}
