import { constants, copyFileSync, lstatSync, mkdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { throwIfCancelled } from '../errors.ts';
import { systemCode, whyNotWritten } from '../store/file-errors.ts';
import { ClosedFolders } from './closed-folders.ts';
import { type EntryTable, hasAttributes, liesInTarget, mayReplace } from './entry-table.ts';
import { hasSameContent, statAt } from './existing.ts';
import { FileWriter, type FileWriterEvents, FOLDER_FAILED } from './file-writer.ts';
import { Flush } from './flush.ts';
import { NO_ENTRY, ROOT } from './folder-table.ts';
import { type LinkPlan, makeLink, planLinks } from './hard-links.ts';
import { makeSpecialFile } from './helper-programs.ts';
import { Metadata, type UnsetMetadata } from './metadata.ts';
import { disksInUse, type MountedDisks, pathOf, TargetDisks } from './mounted-disks.ts';
import { findOneName } from './one-name.ts';
import { prepareTarget } from './prepare-target.ts';
import type { RestoreLeftOut, RestorePlan, RestoreProblem, RestoreReport } from './request.ts';
import { StagedFolders } from './staged-folders.ts';
import { TargetGuard } from './target-guard.ts';
import { TargetPaths } from './target-paths.ts';
import { endMark, isTemporary, restoreMark, sweepLeftovers, temporaryPath } from './temporary-names.ts';
import { giveName, removeQuietly } from './write-file.ts';

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
  readonly #metadata: Metadata;
  readonly #table: EntryTable;
  readonly #leftOut: RestoreLeftOut[];
  readonly #owners: 'set' | 'leave' = process.getuid?.() === 0 ? 'set' : 'leave';
  readonly #links: LinkPlan;
  readonly #mark: string;
  readonly #closed: ClosedFolders;
  readonly #flush: Flush;
  readonly #mounted: MountedDisks;
  readonly #guard: TargetGuard;
  readonly #staged: StagedFolders;
  readonly #failed = new Map<number, RestoreProblem>();
  /** What is there without its owner or mode. */
  readonly #unset = new Set<number>();
  /** Files that were not written and get another name: whether they have their content still. */
  readonly #whole = new Map<number, boolean>();
  /** Names that could not be given to their files, and those. */
  readonly #copies: (readonly [number, number])[] = [];
  #lookalikes: ReadonlySet<string> | undefined;
  #nextFolder = 0;
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
    this.#metadata = new Metadata(this.#table, this.#paths, this.#owners);
    const { root } = this.#paths;
    this.#mounted = disksInUse(this.#table, this.#paths, plan.devices);
    this.#guard = new TargetGuard(new TargetDisks(root, plan.device, this.#mounted));
    this.#flush = new Flush([root, ...[...this.#mounted.values()].map(pathOf)]);
    this.#links = planLinks(this.#table);
    this.#staged = new StagedFolders(this.#table, this.#links, this.#paths, this.#mark);
  }

  async close(): Promise<void> {
    // Also after a failure: what stands under its name has its times, and no helper program is left.
    await this.#metadata.close();
    this.#closed.close();
    this.#paths.close();
    endMark(this.#mark);
  }

  async run(): Promise<RestoreReport> {
    const { request } = this.#plan;
    const { folders } = this.#table;
    this.#sweep(this.#paths.root, ROOT);
    await this.#writeFiles();
    this.#makeDirectoriesTo(folders.count - 1);
    for (const [entry, leader] of this.#links) {
      const isWhole = await this.#isWhole(leader);
      this.#attempt(entry, () => this.#link(entry, leader, isWhole ? 'whole' : 'changed'));
    }
    for (const [entry, leader] of this.#copies) await this.#copy(entry, leader);
    for (let entry = 0; entry < this.#table.count; entry++) if (this.#isOther(entry)) await this.#makeOther(entry);
    throwIfCancelled(request.signal);
    this.#tell('finishing');
    await this.#setMetadata();
    const flushed = await this.#flush.finish();
    this.#guard.assertThere();
    this.#nameOnes();
    if (flushed === 'failed') throw this.#guard.notWritten();
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

  /** Those that are not made yet, up to and with this one: what is above a folder has a smaller number. */
  #makeDirectoriesTo(folder: number): void {
    while (this.#nextFolder <= folder) this.#makeDirectory(this.#nextFolder++);
  }

  /** A directory stays open to us until everything in it is done; its own mode comes last. */
  #makeDirectory(number: number): void {
    const entry = this.#table.folders.entries[number] as number;
    if (entry === NO_ENTRY || !this.#isInFolder(entry)) return;
    this.#attempt(entry, () => {
      const path = this.#paths.of(entry);
      if (this.#staged.make(number, path) === 'made') {
        this.#directories++;
        return;
      }
      if (this.#table.action(entry) === 'replaced') unlinkSync(path);
      if (this.#table.isWritten(entry)) {
        try {
          mkdirSync(path, 0o700);
        } catch (error) {
          if ((error as { code?: string }).code !== 'EEXIST') throw error;
        }
      }
      const found = lstatSync(path);
      // Never through a link, whoever put it there.
      if (!found.isDirectory()) throw Object.assign(new Error('It is not a folder.'), { code: 'ENOTDIR' });
      if (this.#table.isWritten(entry)) {
        this.#directories++;
        return;
      }
      this.#closed.open({ number, entry }, path, found);
      this.#sweep(path, number);
    });
  }

  /** A backup may have taken up what another restore had left: that was planned to be here. */
  #sweep(path: Buffer, folder: number): void {
    sweepLeftovers(path, this.#plan.request.repository.host, (name) => {
      this.#lookalikes ??= findLookalikes(this.#table);
      return this.#lookalikes.has(`${folder} ${name}`);
    });
  }

  async #writeFiles(): Promise<void> {
    const { signal } = this.#plan.request;
    const events: FileWriterEvents = {
      // While the first files are being written, the folders of the next are made.
      before: (entry) => {
        this.#makeDirectoriesTo(this.#table.folderOf[entry] as number);
        return this.#folderFailed(entry);
      },
      done: (entry, times) => {
        this.#files++;
        this.#flush.made();
        if (times === 'untimed') this.#metadata.note(entry, this.#paths.of(entry));
        else this.#metadata.noteAttributes(entry);
      },
      times: (block) => this.#metadata.noteTimes(block),
      failed: (entry, reason, text) => {
        // One that was made under a temporary name.
        if (this.#table.isDirectory(entry)) this.#directories--;
        this.#fail(entry, reason, text);
      },
      unset: (entry) => {
        this.#unset.add(entry);
      },
      bytes: (written) => {
        this.#bytes += written;
        this.#flush.wrote(written);
        if (++this.#told % 4 === 0) this.#tell('restoring');
      },
    };
    const [guard, mounted] = [this.#guard, this.#mounted];
    const options = { owners: this.#owners, mark: this.#mark, guard, mounted, staged: this.#staged, signal };
    await new FileWriter(this.#plan, this.#links, this.#paths, events, options).run();
  }

  /** A file that was there may have changed since the plan was made, and what is to become a name of it may be the last copy. */
  async #isWhole(leader: number): Promise<boolean> {
    if (this.#table.isWritten(leader)) return true;
    const known = this.#whole.get(leader);
    if (known !== undefined) return known;
    const { entries, index, measured } = this.#plan;
    const path = this.#pathOrFail(leader);
    const found = path && statAt(path);
    const { node } = entries.at(leader);
    const isWhole = path && found ? await hasSameContent(path, found, node, index, measured) : false;
    this.#whole.set(leader, isWhole);
    return isWhole;
  }

  #link(entry: number, leader: number, state: 'whole' | 'changed'): void {
    if (!this.#isInFolder(entry)) return;
    const existing = mayReplace(this.#table, entry) ? 'expected' : 'none';
    const kept = existing === 'expected' ? ' What is there was kept.' : '';
    const other = `It is another name of ${this.#textOf(leader)}`;
    if (this.#failed.has(leader) || this.#folderFailed(leader)) {
      this.#fail(entry, 'damaged', `${other}, which could not be restored.${kept}`);
      return;
    }
    if (state === 'changed') {
      this.#fail(entry, 'failed', `${other}, which changed meanwhile.${kept} Restore both again.`);
      return;
    }
    const path = this.#paths.of(entry);
    const made = makeLink(this.#paths.of(leader), path, this.#temporary(path), existing);
    if (made === 'refused') this.#copies.push([entry, leader]);
    else this.#files++;
  }

  /** Where the target makes no other names of a file, each has its content all the same. */
  async #copy(entry: number, leader: number): Promise<void> {
    const { entries, index, measured } = this.#plan;
    const path = this.#paths.of(entry);
    const temporary = this.#temporary(path);
    this.#attempt(entry, () => copyFileSync(this.#paths.of(leader), temporary, constants.COPYFILE_EXCL));
    if (this.#failed.has(entry)) return removeQuietly(temporary);
    const { node, text } = entries.at(entry);
    const found = statAt(temporary);
    const isWhole = found && (await hasSameContent(temporary, found, node, index, measured));
    this.#attempt(entry, () => {
      if (!isWhole) throw new Error(`${this.#textOf(leader)}, of which it is another name, changed meanwhile.`);
      this.#setOwner(entry, temporary);
      if (!hasAttributes(this.#table, entry)) this.#setMode(entry, temporary);
      giveName(temporary, { path, existing: mayReplace(this.#table, entry) ? 'expected' : 'none' });
      this.#files++;
      this.#flush.wrote(node.size);
      this.#metadata.note(entry, path);
      const why = `It is another name of ${this.#textOf(leader)}, and is a file of its own here: the target does not join them.`;
      this.#leftOut.push({ path: text, reason: 'attributes', text: why });
    });
    if (this.#failed.has(entry)) removeQuietly(temporary);
  }

  /** Why the folder that it is in could not be restored. Nothing goes into it then: it may be a link to elsewhere. */
  #folderFailed(entry: number): RestoreProblem | undefined {
    const folder = this.#table.folders.entries[this.#table.folderOf[entry] as number] as number;
    return folder === NO_ENTRY ? undefined : this.#failed.get(folder);
  }

  /** Fails the entry when its folder has failed. */
  #isInFolder(entry: number): boolean {
    const reason = this.#folderFailed(entry);
    if (reason) this.#fail(entry, reason, FOLDER_FAILED);
    return reason === undefined;
  }

  /** A long path begins at a folder, which may not be there. */
  #pathOrFail(entry: number): Buffer | undefined {
    let path: Buffer | undefined;
    this.#attempt(entry, () => {
      path = this.#paths.of(entry);
    });
    return path;
  }

  /** Neither folder nor file. */
  #isOther(entry: number): boolean {
    return !this.#table.isFile(entry) && !this.#table.isDirectory(entry) && this.#table.isWritten(entry);
  }

  async #makeOther(entry: number): Promise<void> {
    const type = this.#table.type(entry);
    const { linkTarget = [], device = 0 } = this.#table.rare(entry) ?? {};
    const path = this.#isInFolder(entry) ? this.#pathOrFail(entry) : undefined;
    if (!path) return;
    const place = mayReplace(this.#table, entry) ? this.#temporary(path) : path;
    if (type === 'symlink') {
      this.#attempt(entry, () => symlinkSync(Buffer.from(linkTarget), place));
    } else if (type === 'fifo' || type === 'dev' || type === 'chardev') {
      this.#guard.assertHolds(this.#table, entry);
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
      if (type !== 'symlink') this.#setMode(entry, place);
      if (place !== path) renameSync(place, path);
      this.#others++;
      this.#metadata.note(entry, path);
    });
    if (this.#failed.has(entry) && place !== path) removeQuietly(place);
  }

  /**
   * Owner, attributes, times, and last the modes, deepest first: a mode may close a directory to us. Times of
   * directories come when nothing is made in them any more.
   */
  async #setMetadata(): Promise<void> {
    const table = this.#table;
    const late: number[] = [];
    // Of what was not written, the folder may have failed: asked before folders fail of which only the owner cannot be set.
    for (let entry = 0; entry < table.count; entry++) if (table.metadata(entry) === 'yes') this.#isInFolder(entry);
    for (let entry = 0; entry < table.count; entry++) {
      if (table.metadata(entry) === 'no' || this.#failed.has(entry)) continue;
      const isLate = table.isDirectory(entry) || !table.isWritten(entry);
      if (!isLate && !hasAttributes(table, entry)) continue;
      // A link has no mode: what it leads to would get it.
      if (table.type(entry) !== 'symlink') late.push(entry);
      if (!isLate) continue;
      this.#attempt(entry, () => {
        const path = this.#paths.of(entry);
        this.#setOwner(entry, path);
        this.#metadata.note(entry, path);
      });
    }
    this.#nameUnset(await this.#metadata.setAttributes());
    this.#nameUnset(await this.#metadata.setTimes(this.#restored()));
    for (const entry of late.reverse()) {
      this.#attempt(entry, () => {
        this.#setMode(entry, this.#paths.of(entry));
        this.#closed.forget(entry);
      });
    }
    const text = 'Its owner or permissions could not be set; all else of it is there.';
    for (const entry of this.#unset) {
      if (!this.#failed.has(entry)) this.#leftOut.push({ path: this.#textOf(entry), reason: 'attributes', text });
    }
  }

  /** All that is to have the times of the snapshot. */
  *#restored(): Generator<number> {
    for (let entry = 0; entry < this.#table.count; entry++)
      if (this.#table.metadata(entry) === 'yes' && !this.#failed.has(entry)) yield entry;
  }

  /** Names what the target has taken for one. */
  #nameOnes(): void {
    const isThere = (entry: number): boolean => this.#table.action(entry) !== 'kept' && !this.#failed.has(entry);
    for (const { entry, other } of findOneName(this.#table, this.#paths, this.#mounted, isThere)) {
      const text = `The target does not tell its name from that of ${this.#textOf(other)}: both are one there. Restore it to a folder of its own.`;
      this.#leftOut.push({ path: this.#textOf(entry), reason: 'in-the-way', text });
    }
  }

  #setOwner(entry: number, path: Buffer): void {
    if (this.#metadata.setOwner(entry, path) === 'refused') this.#unset.add(entry);
  }

  #setMode(entry: number, path: Buffer): void {
    const owned = this.#unset.has(entry) ? 'refused' : 'set';
    if (this.#metadata.setMode(entry, path, owned) === 'refused') this.#unset.add(entry);
  }

  #nameUnset(unset: readonly UnsetMetadata[]): void {
    if (unset.length > 0) this.#guard.assertUsable();
    for (const { entry, path, text } of unset) {
      this.#leftOut.push({
        path: entry === undefined ? path.toString() : this.#textOf(entry),
        reason: 'attributes',
        text,
      });
    }
  }

  #attempt(entry: number, work: () => void): void {
    try {
      this.#guard.assertHolds(this.#table, entry);
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

  /** Names it in the report, once: what fails with its owner may fail with its mode too. */
  #fail(entry: number, reason: RestoreProblem, text: string): void {
    if (this.#failed.has(entry)) return;
    this.#failed.set(entry, reason);
    const isUnseen = reason === 'in-the-way' && this.#closed.wasUnseen(entry);
    const said = isUnseen ? ({ reason: 'not-permitted', text: UNSEEN } as const) : { reason, text };
    this.#leftOut.push({ path: this.#textOf(entry), ...said });
  }

  /** Its path in the snapshot. */
  #textOf(entry: number): string {
    return this.#plan.entries.at(entry).text;
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

const UNSEEN =
  'Something is there already; it was kept. Its folder does not let you see what is in it: allow that (chmod u+rx), then restore again.';

/** Entries with names like temporary ones: the number of their folder, `ROOT` for the target itself, and the name. */
function findLookalikes(table: EntryTable): ReadonlySet<string> {
  const found = new Set<string>();
  for (let entry = 0; entry < table.count; entry++) {
    const name = Buffer.from(table.nameInTarget(entry)).toString('latin1');
    if (isTemporary(name)) found.add(`${liesInTarget(table, entry) ? ROOT : table.folderOf[entry]} ${name}`);
  }
  return found;
}
