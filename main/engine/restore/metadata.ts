import { chmodSync, lchownSync } from 'node:fs';
import { permissionsOf } from '../format/mode.ts';
import { setAttributes } from './attribute-setter.ts';
import { atimeOf, type EntryTable, hasAttributes, mtimeOf } from './entry-table.ts';
import { type Rights, tryToSet, withoutLending, wouldLend } from './rights.ts';
import type { TargetPaths } from './target-paths.ts';
import { TimeSetter } from './time-setter.ts';

/** What could not be set. */
export interface UnsetMetadata {
  readonly path: Buffer;
  /** Absent when none has this path. */
  readonly entry: number | undefined;
  readonly text: string;
}

/** Owners, modes, times and extended attributes of what a restore has made. Times and attributes are gathered and set later. */
export class Metadata {
  readonly #table: EntryTable;
  readonly #paths: TargetPaths;
  readonly #owners: 'set' | 'leave';
  readonly #times = new TimeSetter();
  readonly #attributed: number[] = [];

  constructor(table: EntryTable, paths: TargetPaths, owners: 'set' | 'leave') {
    this.#table = table;
    this.#paths = paths;
    this.#owners = owners;
  }

  /** @throws what the system says, unless it refuses */
  setOwner(entry: number, path: Buffer): Rights {
    if (this.#owners === 'leave') return this.#wouldLend(entry) ? 'refused' : 'set';
    return tryToSet(() => lchownSync(path, this.#table.uids[entry] as number, this.#table.gids[entry] as number));
  }

  /** A folder lends nothing. */
  #wouldLend(entry: number): boolean {
    const { modes, uids, gids } = this.#table;
    const mode = permissionsOf(modes[entry] as number);
    return !this.#table.isDirectory(entry) && wouldLend(mode, uids[entry] as number, gids[entry] as number);
  }

  /** @param owned whether it has its owner @throws what the system says, unless it refuses */
  setMode(entry: number, path: Buffer, owned: Rights): Rights {
    const mode = permissionsOf(this.#table.modes[entry] as number);
    return tryToSet(() => chmodSync(path, owned === 'set' ? mode : withoutLending(mode)));
  }

  /** The entry stands under its path. */
  note(entry: number, path: Buffer): void {
    this.#setTimes(entry, path);
    this.noteAttributes(entry);
  }

  #setTimes(entry: number, path: Buffer): void {
    this.#times.set(path, atimeOf(this.#table, entry), mtimeOf(this.#table, entry));
  }

  /** As `note`, for one whose times are in a block. */
  noteAttributes(entry: number): void {
    if (hasAttributes(this.#table, entry) && this.#table.type(entry) !== 'symlink') this.#attributed.push(entry);
  }

  /** @param block as `TimeBlock` gathers it */
  noteTimes(block: Uint8Array): void {
    this.#times.setAll(block);
  }

  async setAttributes(): Promise<readonly UnsetMetadata[]> {
    const targets = this.#attributed.map((entry) => ({
      entry,
      path: this.#paths.of(entry),
      attributes: this.#table.rare(entry)?.extendedAttributes ?? [],
    }));
    const { state, failed } = await setAttributes(targets);
    const why =
      state === 'missing' ? 'The program perl, which sets them, is missing.' : 'The target does not take them.';
    return failed.map(({ entry, path }) => ({ entry, path, text: `Its extended attributes were not set. ${why}` }));
  }

  /**
   * Resolves when all times that were noted are set.
   * @param all the entries of which they were noted, should they have to be set again
   */
  async setTimes(all: Iterable<number>): Promise<readonly UnsetMetadata[]> {
    let failed = await this.#times.flush();
    if (this.#times.hasLost) {
      for (const entry of all) this.#setTimes(entry, this.#paths.of(entry));
      failed = await this.#times.flush();
    }
    if (failed.length === 0) return [];
    // Such problems are rare, so the entries are looked for only now.
    const entries = new Map<string, number>();
    for (let entry = 0; entry < this.#table.count; entry++) {
      entries.set(this.#paths.of(entry).toString('latin1'), entry);
    }
    const text = 'Its times could not be set.';
    return failed.map((path) => ({ entry: entries.get(path.toString('latin1')), path, text }));
  }

  /** Sets the times that were noted, whatever comes of it. */
  async close(): Promise<void> {
    await this.#times.flush();
  }
}
