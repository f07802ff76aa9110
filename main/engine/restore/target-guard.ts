import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TriplicateError } from '../errors.ts';
import { DISK_FAILURES, systemCode } from '../store/file-errors.ts';
import type { EntryColumns } from './entry-table.ts';
import type { TargetDisks } from './mounted-disks.ts';

/** What ends a whole restore, whichever file met it first. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);
const DISK_FAILS = new Set([...DISK_FAILURES, 'ENODEV', 'ENXIO', 'ENOTCONN', 'ENOMEDIUM', 'ESTALE']);

/**
 * Keeps a restore on the disks that it began on. A disk that is pulled out leaves its mount point, an empty folder of the
 * system's disk: without a look, the rest would be written there.
 */
export class TargetGuard {
  readonly #disks: TargetDisks;

  constructor(disks: TargetDisks) {
    this.#disks = disks;
  }

  get #root(): Buffer {
    return this.#disks.root;
  }

  /** @throws `store/unreachable` */
  assertThere(): void {
    const { lost } = this.#disks;
    if (lost !== undefined) throw targetGone(lost);
  }

  /** That what is made for the entry comes onto its own disk. @throws `store/unreachable` */
  assertHolds(columns: EntryColumns, entry: number): void {
    if (!this.#disks.hold(columns, entry)) this.assertThere();
  }

  /** @throws `store/unreachable`, `store/read-only` */
  assertUsable(): void {
    this.assertThere();
    if (this.#isReadOnly()) throw this.#readOnly();
  }

  /** The error for the restore as a whole, when this failure is not one of the single file. */
  judge(error: unknown): TriplicateError | undefined {
    if (error instanceof TriplicateError) return error;
    const code = systemCode(error) ?? '';
    if (FULL.has(code)) {
      return new TriplicateError('store/full', 'The disk of the target is full; the restore was stopped.', {
        hint: 'Free some space or choose another target, then restore again: what is there already is kept.',
      });
    }
    const { lost } = this.#disks;
    if (DISK_FAILS.has(code) || lost !== undefined) return targetGone(lost ?? this.#root.toString());
    // Only when it is the whole target: another file system below it may be read-only for good.
    return code === 'EROFS' && this.#isReadOnly() ? this.#readOnly() : undefined;
  }

  /** The error for a disk that took what was written and then could not keep it. */
  notWritten(): TriplicateError {
    return new TriplicateError(
      'store/unreachable',
      `The disk of the target ${this.#root} could not keep all that was restored: some of it is lost.`,
      {
        hint: 'The disk is failing or is smaller than it says. Restore to another one. Before you look at what is on this one, disconnect and connect it: until then the system may show what the disk does not hold.',
      },
    );
  }

  #isReadOnly(): boolean {
    try {
      accessSync(this.#root, constants.W_OK);
      return false;
    } catch (error) {
      return systemCode(error) === 'EROFS';
    }
  }

  #readOnly(): TriplicateError {
    return new TriplicateError(
      'store/read-only',
      `The disk of the target ${this.#root} is read-only; the restore was stopped.`,
      {
        hint: 'Make it writable (a disk with errors becomes read-only by itself) or choose another target, then restore again.',
      },
    );
  }
}

export function targetGone(target: string): TriplicateError {
  return new TriplicateError(
    'store/unreachable',
    `The disk of the target ${target} is gone or fails; the restore was stopped.`,
    { hint: 'Connect the disk and restore again: what is there already is kept.' },
  );
}

/** The disk of a folder, or that on which it would be made. */
export function deviceAt(folder: string): number {
  for (let path = folder; ; path = dirname(path)) {
    const found = statOrNone(path);
    if (found) return found.dev;
    if (path === dirname(path)) return -1;
  }
}

/** What cannot be looked at will be refused with better words when it is to be written to. */
function statOrNone(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
