import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { isAbsolute } from 'node:path';
import { TriplicateError, throwIfCancelled } from '../errors.ts';
import { permissionsOf } from '../format/mode.ts';
import { systemCode, whyNotWritten } from '../store/file-errors.ts';
import { makeFolder } from '../store/make-folder.ts';
import { setAttributes } from './attribute-setter.ts';
import { ClosedFolders } from './closed-folders.ts';
import { atimeOf, type EntryTable, hasAttributes, liesInTarget, mayReplace, mtimeOf } from './entry-table.ts';
import { FileWriter, type FileWriterEvents } from './file-writer.ts';
import { Flush } from './flush.ts';
import { NO_ENTRY } from './folder-table.ts';
import { type LinkPlan, makeLink, planLinks } from './hard-links.ts';
import { makeSpecialFile } from './helper-programs.ts';
import type { RestoreLeftOut, RestorePlan, RestoreProblem, RestoreReport } from './request.ts';
import { deviceAt, TargetGuard, targetGone } from './target-guard.ts';
import { TargetPaths } from './target-paths.ts';
import { endMark, restoreMark, sweepLeftovers, temporaryPath } from './temporary-names.ts';
import { TimeSetter } from './time-setter.ts';
import { removeQuietly } from './write-file.ts';

/**
 * Does what the plan says. Everything intact is restored and whatever is not is named in the report. Each file gets its
 * name only when its content is verified; the whole is flushed to the disk once at the end, before the report says so.
 * @throws `restore/target-invalid`, `store/full`, `store/read-only`, `store/unreachable` for the target's disk, `store/…` for
 *   the repository, `cancelled`: files that have their names are whole, and no temporary file is left.
 */
export async function restore(plan: RestorePlan): Promise<RestoreReport> {
  const run = new RestoreRun(plan);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

class RestoreRun {
  readonly #plan: RestorePlan;
  readonly #paths: TargetPaths;
  readonly #times = new TimeSetter();
  readonly #table: EntryTable;
  readonly #leftOut: RestoreLeftOut[];
  readonly #owners: 'set' | 'leave' = process.getuid?.() === 0 ? 'set' : 'leave';
  readonly #mark: string;
  readonly #closed: ClosedFolders;
  readonly #flush: Flush;
  readonly #guard: TargetGuard;
  readonly #failed = new Set<number>();
  /** Entries that stand under their names and are to get extended attributes. */
  readonly #attributed: number[] = [];
  #files = 0;
  #directories = 0;
  #others = 0;
  #bytes = 0;
  #told = 0;

  constructor(plan: RestorePlan) {
    this.#plan = plan;
    this.#table = plan.entries.table;
    this.#leftOut = [...plan.leftOut];
    this.#mark = restoreMark(plan.request.repository.host);
    this.#closed = new ClosedFolders(this.#table);
    this.#paths = new TargetPaths(prepareTarget(plan), this.#table);
    this.#guard = new TargetGuard(this.#paths.root, plan.device);
    this.#flush = new Flush(this.#paths.root.toString());
  }

  async close(): Promise<void> {
    // Also after a failure: what stands under its name has its times, and no helper program is left.
    await this.#times.flush();
    this.#closed.close();
    this.#paths.close();
    endMark(this.#mark);
  }

  async run(): Promise<RestoreReport> {
    const { request } = this.#plan;
    const { folders } = this.#table;
    const links = planLinks(this.#table);
    sweepLeftovers(this.#paths.root, request.repository.host);
    for (let folder = 0; folder < folders.count; folder++) this.#makeDirectory(folder);
    await this.#writeFiles(links);
    for (const [entry, leader] of links) this.#attempt(entry, () => this.#link(entry, leader));
    for (let entry = 0; entry < this.#table.count; entry++) if (this.#isOther(entry)) await this.#makeOther(entry);
    throwIfCancelled(request.signal);
    this.#tell('finishing');
    await this.#setMetadata();
    await this.#flush.finish();
    this.#guard.assertThere();
    const { unchanged, kept } = this.#plan.counts;
    return {
      result: this.#leftOut.length === 0 ? 'complete' : 'incomplete',
      files: this.#files,
      directories: this.#directories,
      others: this.#others,
      unchanged,
      kept,
      bytesVerified: this.#bytes,
      leftOut: this.#leftOut,
    };
  }

  /** A directory stays open to us until everything in it is done; its own mode comes last. */
  #makeDirectory(number: number): void {
    const entry = this.#table.folders.entries[number] as number;
    if (entry === NO_ENTRY) return;
    this.#attempt(entry, () => {
      const path = this.#paths.of(entry);
      if (this.#table.action(entry) === 'replaced') unlinkSync(path);
      if (this.#table.isWritten(entry)) {
        try {
          mkdirSync(path, 0o700);
        } catch (error) {
          if ((error as { code?: string }).code !== 'EEXIST') throw error;
        }
        this.#directories++;
      }
      const found = lstatSync(path);
      // Never through a link, whoever put it there.
      if (!found.isDirectory()) throw Object.assign(new Error('It is not a folder.'), { code: 'ENOTDIR' });
      if (this.#table.isWritten(entry)) return;
      this.#closed.open({ number, entry }, path, found);
      sweepLeftovers(path, this.#plan.request.repository.host);
    });
  }

  async #writeFiles(links: LinkPlan): Promise<void> {
    const { signal } = this.#plan.request;
    const events: FileWriterEvents = {
      done: (entry, times) => {
        this.#files++;
        this.#flush.made();
        if (times === 'untimed') this.#noteTimes(entry, this.#paths.of(entry));
        if (hasAttributes(this.#table, entry)) this.#attributed.push(entry);
      },
      times: (block) => this.#times.setAll(block),
      failed: (entry, reason, text) => this.#fail(entry, reason, text),
      bytes: (written) => {
        this.#bytes += written;
        this.#flush.wrote(written);
        if (++this.#told % 4 === 0) this.#tell('restoring');
      },
    };
    const options = { owners: this.#owners, mark: this.#mark, guard: this.#guard, signal };
    await new FileWriter(this.#plan, links, this.#paths, events, options).run();
  }

  #link(entry: number, leader: number): void {
    if (this.#failed.has(leader)) {
      this.#fail(entry, 'damaged', `It is another name of ${this.#textOf(leader)}, which could not be restored.`);
      return;
    }
    const path = this.#paths.of(entry);
    const existing = mayReplace(this.#table, entry) ? 'expected' : 'none';
    makeLink(this.#paths.of(leader), path, this.#temporary(path), existing);
    this.#files++;
  }

  /** Neither folder nor file. */
  #isOther(entry: number): boolean {
    return !this.#table.isFile(entry) && !this.#table.isDirectory(entry) && this.#table.isWritten(entry);
  }

  async #makeOther(entry: number): Promise<void> {
    const type = this.#table.type(entry);
    const { linkTarget = [], device = 0 } = this.#table.rare(entry) ?? {};
    const path = this.#paths.of(entry);
    const place = mayReplace(this.#table, entry) ? this.#temporary(path) : path;
    if (type === 'symlink') {
      this.#attempt(entry, () => symlinkSync(Buffer.from(linkTarget), place));
    } else if (type === 'fifo' || type === 'dev' || type === 'chardev') {
      if (liesInTarget(this.#table, entry)) this.#guard.assertThere();
      const made = await makeSpecialFile(place, type, device);
      if (made !== 'done') {
        this.#guard.assertUsable();
        const why = type === 'fifo' ? 'The system refused to make it.' : 'Making devices needs the rights of root.';
        this.#fail(entry, 'not-supported', why);
      }
    }
    if (this.#failed.has(entry)) return;
    this.#attempt(entry, () => {
      this.#setOwner(entry, place);
      if (type !== 'symlink') chmodSync(place, this.#permissionsOf(entry));
      if (place !== path) renameSync(place, path);
      this.#others++;
      this.#noteMetadata(entry, path);
    });
    if (this.#failed.has(entry) && place !== path) removeQuietly(place);
  }

  #setOwner(entry: number, path: Buffer): void {
    if (this.#owners === 'leave') return;
    lchownSync(path, this.#table.uids[entry] as number, this.#table.gids[entry] as number);
  }

  #permissionsOf(entry: number): number {
    return permissionsOf(this.#table.modes[entry] as number);
  }

  #noteMetadata(entry: number, path: Buffer): void {
    this.#noteTimes(entry, path);
    if (hasAttributes(this.#table, entry) && this.#table.type(entry) !== 'symlink') this.#attributed.push(entry);
  }

  #noteTimes(entry: number, path: Buffer): void {
    this.#times.set(path, atimeOf(this.#table, entry), mtimeOf(this.#table, entry));
  }

  /**
   * Owner, attributes, times, and last the modes, deepest first: a mode may close a directory to us. Times of
   * directories come when nothing is made in them any more.
   */
  async #setMetadata(): Promise<void> {
    const table = this.#table;
    const late: number[] = [];
    for (let entry = 0; entry < table.count; entry++) {
      if (table.metadata(entry) === 'no' || this.#failed.has(entry)) continue;
      const isLate = table.isDirectory(entry) || (!table.isWritten(entry) && table.type(entry) !== 'symlink');
      if (!isLate && !hasAttributes(table, entry)) continue;
      late.push(entry);
      if (!isLate) continue;
      this.#attempt(entry, () => {
        const path = this.#paths.of(entry);
        this.#setOwner(entry, path);
        this.#noteMetadata(entry, path);
      });
    }
    await this.#setAttributes();
    const untimed = await this.#times.flush();
    if (untimed.length > 0) this.#guard.assertUsable();
    for (const path of untimed) this.#note(path, 'attributes', 'Its times could not be set.');
    for (const entry of late.reverse()) {
      this.#attempt(entry, () => {
        chmodSync(this.#paths.of(entry), this.#permissionsOf(entry));
        this.#closed.forget(entry);
      });
    }
  }

  async #setAttributes(): Promise<void> {
    const targets = this.#attributed.map((entry) => ({
      path: this.#paths.of(entry),
      attributes: this.#table.rare(entry)?.extendedAttributes ?? [],
    }));
    const { state, failed } = await setAttributes(targets);
    const why =
      state === 'missing' ? 'The program perl, which sets them, is missing.' : 'The target does not take them.';
    if (failed.length > 0) this.#guard.assertUsable();
    for (const { path } of failed) this.#note(path, 'attributes', `Its extended attributes were not set. ${why}`);
  }

  #attempt(entry: number, work: () => void): void {
    try {
      if (liesInTarget(this.#table, entry)) this.#guard.assertThere();
      work();
    } catch (error) {
      const fatal = this.#guard.judge(error);
      if (fatal) throw fatal;
      const code = systemCode(error);
      const denied = code === 'EACCES' || code === 'EPERM';
      const reason = denied ? 'not-permitted' : code === 'EEXIST' || code === 'ENOTDIR' ? 'in-the-way' : 'failed';
      this.#fail(entry, reason, `It could not be restored: ${whyNotWritten(error)}`);
    }
  }

  #fail(entry: number, reason: RestoreProblem, text: string): void {
    this.#failed.add(entry);
    this.#leftOut.push({ path: this.#textOf(entry), reason, text });
  }

  /** Its path in the snapshot. */
  #textOf(entry: number): string {
    return this.#plan.entries.at(entry).text;
  }

  /** Such problems are rare, so the entry is looked for only now. */
  #note(path: Buffer, reason: RestoreProblem, text: string): void {
    let entry = 0;
    while (entry < this.#table.count && !this.#paths.of(entry).equals(path)) entry++;
    this.#leftOut.push({ path: entry < this.#table.count ? this.#textOf(entry) : path.toString(), reason, text });
  }

  #temporary(path: Buffer): Buffer {
    return temporaryPath(path, this.#mark, 'link');
  }

  #tell(phase: 'restoring' | 'finishing'): void {
    const { counts, bytes, entries, request } = this.#plan;
    request.onProgress?.({
      phase,
      filesDone: this.#files,
      filesTotal: entries.length - counts.kept - counts.unchanged,
      bytesDone: this.#bytes,
      bytesTotal: bytes,
      currentPath: null,
    });
  }
}

/** The folder itself, links on the way to it resolved: those are the person's own. */
function prepareTarget({ request: { target }, device }: RestorePlan): string {
  // Before anything is made: a disk that went while the plan was made would have it on the system's disk.
  if (isAbsolute(target) && deviceAt(target) !== device) throw targetGone(target);
  try {
    if (!isAbsolute(target)) throw new Error('It is not an absolute path.');
    makeFolder(target);
    const path = realpathSync(target);
    if (!lstatSync(path).isDirectory()) throw new Error('It is not a folder.');
    return path;
  } catch (error) {
    throw new TriplicateError(
      'restore/target-invalid',
      `Nothing can be restored to ${target}: ${whyNotWritten(error)}`,
      { cause: error },
    );
  }
}
