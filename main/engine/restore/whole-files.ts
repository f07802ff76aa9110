import { EntryPaths } from './entry-paths.ts';
import type { EntryColumns } from './entry-table.ts';
import { atimeOf, isStaged, mtimeOf } from './entry-table.ts';
import { outcomeOf } from './file-outcome.ts';
import { TargetDisks } from './mounted-disks.ts';
import type { PathBytes, RestoreWorkerData } from './restore-messages.ts';
import type { Rights } from './rights.ts';
import { temporaryPath } from './temporary-names.ts';
import { TimeBlock } from './time-block.ts';
import { writeWhole } from './write-file.ts';

/** By entry, where a path is not simply made of names. */
export type LongPaths = ReadonlyMap<number, PathBytes>;

/** A worker's side of the files: makes small ones in one go, by what the columns say of them, and gathers their times. */
export class WholeFiles {
  readonly #data: Omit<RestoreWorkerData, 'key'>;
  readonly #columns: EntryColumns;
  readonly #disks: TargetDisks;
  readonly #paths: EntryPaths;
  readonly #times = new TimeBlock();

  constructor(data: Omit<RestoreWorkerData, 'key'>) {
    this.#data = data;
    this.#columns = data.columns;
    const root = Buffer.from(data.root, 'latin1');
    this.#disks = new TargetDisks(root, data.device, data.mounted);
    this.#paths = new EntryPaths(data.root === '/' ? Buffer.alloc(0) : root, data.columns);
  }

  /** Content, owner, mode and name; times are for the main thread to set. @throws what the system says */
  write(entry: number, content: Uint8Array, longPaths: LongPaths): Rights {
    const { owners } = this.#data;
    if (!this.#disks.hold(this.#columns, entry)) {
      throw Object.assign(new Error('The disk of the target is gone.'), { code: 'ENODEV' });
    }
    const long = longPaths.get(entry);
    const temporary = this.temporaryOf(entry, longPaths);
    if (isStaged(this.#columns, entry)) {
      return writeWhole(outcomeOf(this.#columns, entry, owners, temporary, undefined), content);
    }
    const path = long === undefined ? this.#paths.of(entry) : Buffer.from(long, 'latin1');
    const rights = writeWhole(outcomeOf(this.#columns, entry, owners, temporary, path), content);
    this.#times.add(path, atimeOf(this.#columns, entry), mtimeOf(this.#columns, entry));
    return rights;
  }

  temporaryOf(entry: number, longPaths: LongPaths): Buffer {
    const { mark } = this.#data;
    const long = longPaths.get(entry);
    if (long === undefined) return this.#paths.temporaryOf(entry, mark);
    return temporaryPath(Buffer.from(long, 'latin1'), mark, entry);
  }

  /** Times of what was written since the last call, as `TimeSetter` takes them. */
  takeTimes(): Uint8Array<ArrayBuffer> {
    return this.#times.take();
  }
}
