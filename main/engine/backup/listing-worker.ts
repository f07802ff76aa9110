/**
 * Lists directories ahead of the walk, in its order: half of the cost of a run in which nothing has changed, done on
 * another core, and before the repository can be read.
 */
import { lstatSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type BytePath, forSystem, joinBytePath, textOf } from './byte-path.ts';
import { LONG_PATH } from './directory.ts';
import { typeOf } from './entry.ts';
import { type Listing, listDirectory, nameAt, statAt } from './listing.ts';
import { joinListings, type ListingWorkerData } from './listing-messages.ts';
import { printOf } from './listing-print.ts';
import { Selection } from './selection.ts';

const { roots, rules, taken, entriesAhead } = workerData as ListingWorkerData;
const port = parentPort as NonNullable<typeof parentPort>;
const selection = new Selection(rules);
/** The first message goes soon, so that the walk can begin; later ones are worth their way. */
const FIRST_MESSAGE = 128;
const LARGEST_MESSAGE = 4096;

let waiting: { path: BytePath; listing: Listing | null }[] = [];
let waitingEntries = 0;
let messageSize = FIRST_MESSAGE;
let sent = 0;

for (const root of roots) if (!selection.excludes(textOf(root)) && isDirectory(root)) listBelow(root);
send();
port.postMessage(null);

function listBelow(root: BytePath): void {
  const directories = [root];
  for (let path = directories.pop(); path !== undefined; path = directories.pop()) {
    const listing = path.length < LONG_PATH ? tryToList(path) : null;
    waiting.push({ path, listing });
    waitingEntries += 1 + (listing?.count ?? 0);
    // Before it is sent: its memory is given back then.
    if (listing) directories.push(...directoriesIn(path, listing).reverse());
    if (waitingEntries >= messageSize) send();
  }
}

function directoriesIn(path: BytePath, listing: Listing): BytePath[] {
  const found: BytePath[] = [];
  for (let position = 0; position < listing.count; position++) {
    const stat = statAt(listing, position);
    if (!stat || typeOf(Number(stat.mode)) !== 'dir' || selection.isOwnPlace(stat)) continue;
    found.push(joinBytePath(path, nameAt(listing, position)));
  }
  return found;
}

/** Null where it fails: the walk meets the error itself. */
function tryToList(path: BytePath): Listing | null {
  try {
    const listing = listDirectory(path, path, selection);
    return { ...listing, print: printOf(path, listing) };
  } catch {
    return null;
  }
}

function isDirectory(path: BytePath): boolean {
  return lstatSync(forSystem(path), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Sends what has gathered, and waits while the walk is too far behind. */
function send(): void {
  if (waiting.length === 0) return;
  const message = joinListings(waiting);
  const { names, ends, stats, prints } = message;
  port.postMessage(message, [names.buffer, ends.buffer, stats.buffer, prints.buffer]);
  sent += waitingEntries;
  waiting = [];
  waitingEntries = 0;
  messageSize = Math.min(messageSize * 2, LARGEST_MESSAGE);
  for (let done = Atomics.load(taken, 0); sent - done > entriesAhead; done = Atomics.load(taken, 0)) {
    Atomics.wait(taken, 0, done, 1_000);
  }
}
