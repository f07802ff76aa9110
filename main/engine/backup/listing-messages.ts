import { giveBack } from '../give-back.ts';
import type { BytePath } from './byte-path.ts';
import { type FolderIdentity, type Listing, STAT_FIELDS } from './listing.ts';
import { PRINT_BYTES } from './listing-print.ts';
import type { SelectionRules } from './selection.ts';

/** A directory that is to be listed, with all below it. */
export interface ListingRoot {
  readonly path: BytePath;
  /** Null for what was asked for. */
  readonly folder: FolderIdentity | null;
}

export interface ListingWorkerData {
  /** What is to be backed up, in the order of the walk. */
  readonly roots: readonly ListingRoot[];
  readonly rules: SelectionRules;
  /** One number, shared: entries, and directories, that the walk has taken. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  /** How many more the worker may have sent. */
  readonly entriesAhead: number;
  /** Whether it may have part of its roots listed by another. */
  readonly share: 'with another' | 'alone';
}

export type FromLister =
  | { readonly kind: 'listed'; readonly message: ListingMessage }
  /** The directories behind all that this worker lists, in the order of the walk: another has to list them. */
  | { readonly kind: 'share'; readonly roots: readonly ListingRoot[] }
  | { readonly kind: 'over' };

/** Listings of many directories, their columns one after another. */
export interface ListingMessage {
  /** With a NUL between each two. */
  readonly paths: string;
  /** Entries of each; -1 where there is no listing. */
  readonly counts: Int32Array;
  readonly excluded: Uint32Array;
  readonly names: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly stats: BigInt64Array<ArrayBuffer>;
  /** `PRINT_BYTES` for each directory; zeros where there is none. */
  readonly prints: Uint8Array<ArrayBuffer>;
}

export interface ListedDirectory {
  readonly path: BytePath;
  /** Null where it could not be listed. */
  readonly listing: Listing | null;
}

/** The memory of the listings is given back. */
export function joinListings(directories: readonly ListedDirectory[]): ListingMessage {
  let entries = 0;
  let nameBytes = 0;
  for (const { listing } of directories) {
    entries += listing?.count ?? 0;
    nameBytes += listing?.names.length ?? 0;
  }
  const names = new Uint8Array(nameBytes);
  const ends = new Uint32Array(entries);
  const stats = new BigInt64Array(entries * STAT_FIELDS);
  let entry = 0;
  let nameByte = 0;
  for (const { listing } of directories) {
    if (!listing) continue;
    names.set(listing.names, nameByte);
    ends.set(listing.ends, entry);
    stats.set(listing.stats, entry * STAT_FIELDS);
    entry += listing.count;
    nameByte += listing.names.length;
  }
  const message = {
    paths: directories.map(({ path }) => path).join('\0'),
    counts: Int32Array.from(directories, ({ listing }) => listing?.count ?? -1),
    excluded: Uint32Array.from(directories, ({ listing }) => listing?.excluded ?? 0),
    names,
    ends,
    stats,
    prints: joinPrints(directories),
  };
  for (const { listing } of directories) if (listing) giveBackListing(listing);
  return message;
}

function joinPrints(directories: readonly ListedDirectory[]): Uint8Array<ArrayBuffer> {
  const prints = new Uint8Array(directories.length * PRINT_BYTES);
  for (const [position, { listing }] of directories.entries()) {
    if (listing?.print) prints.set(listing.print, position * PRINT_BYTES);
  }
  return prints;
}

function giveBackListing({ names, ends, stats }: Listing): void {
  for (const column of [names, ends, stats]) giveBack(column);
}

/** When nothing that `splitListings` gave is read any more. */
export function giveBackMessage({ names, ends, stats }: ListingMessage): void {
  for (const column of [names, ends, stats]) giveBack(column);
}

export function* splitListings(message: ListingMessage): Generator<ListedDirectory> {
  const { counts, excluded, names, ends, stats, prints } = message;
  let entry = 0;
  let nameByte = 0;
  for (const [position, path] of message.paths.split('\0').entries()) {
    const count = counts[position] ?? -1;
    if (count === -1) {
      yield { path: path as BytePath, listing: null };
      continue;
    }
    const ownEnds = ends.subarray(entry, entry + count);
    const nameLength = count === 0 ? 0 : (ownEnds[count - 1] as number);
    const listing = {
      count,
      excluded: excluded[position] ?? 0,
      names: Buffer.from(names.buffer, nameByte, nameLength),
      ends: ownEnds,
      stats: stats.subarray(entry * STAT_FIELDS, (entry + count) * STAT_FIELDS),
      print: printAt(prints, position),
    };
    yield { path: path as BytePath, listing };
    entry += count;
    nameByte += nameLength;
  }
}

/** In memory of its own, which stays when the message is given back. */
function printAt(prints: Uint8Array, position: number): Uint8Array | null {
  const print = prints.slice(position * PRINT_BYTES, (position + 1) * PRINT_BYTES);
  return print.some((byte) => byte !== 0) ? print : null;
}
