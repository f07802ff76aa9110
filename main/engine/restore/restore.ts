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
import { type AttributeTarget, setAttributes } from './attribute-setter.ts';
import { ClosedFolders } from './closed-folders.ts';
import { FileWriter, hasAttributes } from './file-writer.ts';
import { Flush } from './flush.ts';
import { makeLink, planLinks } from './hard-links.ts';
import { makeSpecialFile } from './helper-programs.ts';
import { isWritten } from './plan.ts';
import type { PlannedEntry, RestoreLeftOut, RestorePlan, RestoreProblem, RestoreReport } from './request.ts';
import { deviceAt, liesInRoot, TargetGuard, targetGone } from './target-guard.ts';
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
  readonly #leftOut: RestoreLeftOut[];
  readonly #owners: 'set' | 'leave' = process.getuid?.() === 0 ? 'set' : 'leave';
  readonly #mark: string;
  readonly #closed: ClosedFolders;
  readonly #flush: Flush;
  readonly #guard: TargetGuard;
  readonly #failed = new Set<PlannedEntry>();
  readonly #attributes: AttributeTarget[] = [];
  #files = 0;
  #directories = 0;
  #others = 0;
  #bytes = 0;
  #told = 0;

  constructor(plan: RestorePlan) {
    this.#plan = plan;
    this.#leftOut = [...plan.leftOut];
    this.#mark = restoreMark(plan.request.repository.host);
    this.#closed = new ClosedFolders(plan.entries);
    this.#paths = new TargetPaths(prepareTarget(plan));
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
    const { entries, request } = this.#plan;
    const { files, links } = planLinks(entries);
    sweepLeftovers(this.#paths.root, request.repository.host);
    for (const entry of entries) if (entry.node.type === 'dir') this.#attempt(entry, () => this.#makeDirectory(entry));
    await this.#writeFiles(files);
    for (const { entry, leader } of links) this.#attempt(entry, () => this.#link(entry, leader));
    for (const entry of entries) await this.#makeOther(entry);
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
  #makeDirectory(entry: PlannedEntry): void {
    const path = this.#paths.of(entry.path);
    if (entry.action === 'replaced') unlinkSync(path);
    if (isWritten(entry.action)) {
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
    if (isWritten(entry.action)) return;
    this.#closed.open(entry, path, found);
    sweepLeftovers(path, this.#plan.request.repository.host);
  }

  async #writeFiles(files: readonly PlannedEntry[]): Promise<void> {
    const { signal } = this.#plan.request;
    const events = {
      done: (entry: PlannedEntry, path: Buffer) => {
        this.#files++;
        this.#flush.made();
        this.#noteMetadata(entry, path);
      },
      failed: (entry: PlannedEntry, reason: RestoreProblem, text: string) => this.#fail(entry, reason, text),
      bytes: (written: number) => {
        this.#bytes += written;
        this.#flush.wrote(written);
        if (++this.#told % 4 === 0) this.#tell('restoring');
      },
    };
    const options = { owners: this.#owners, mark: this.#mark, guard: this.#guard, signal };
    await new FileWriter(this.#plan, files, this.#paths, events, options).run();
  }

  #link(entry: PlannedEntry, leader: PlannedEntry): void {
    if (this.#failed.has(leader)) {
      this.#fail(entry, 'damaged', `It is another name of ${leader.text}, which could not be restored.`);
      return;
    }
    const path = this.#paths.of(entry.path);
    makeLink(
      this.#paths.of(leader.path),
      path,
      this.#temporary(path),
      entry.action === 'replaced' ? 'expected' : 'none',
    );
    this.#files++;
  }

  async #makeOther(entry: PlannedEntry): Promise<void> {
    const { node, action } = entry;
    if (node.type === 'dir' || node.type === 'file' || !isWritten(action)) return;
    const path = this.#paths.of(entry.path);
    const place = action === 'replaced' ? this.#temporary(path) : path;
    if (node.type === 'symlink') {
      this.#attempt(entry, () => symlinkSync(Buffer.from(node.linkTarget ?? []), place));
    } else if (node.type !== 'socket') {
      if (liesInRoot(place, this.#paths.root)) this.#guard.assertThere();
      const made = await makeSpecialFile(place, node.type, node.device ?? 0);
      if (made !== 'done') {
        this.#guard.assertUsable();
        const why =
          node.type === 'fifo' ? 'The system refused to make it.' : 'Making devices needs the rights of root.';
        this.#fail(entry, 'not-supported', why);
      }
    }
    if (this.#failed.has(entry)) return;
    this.#attempt(entry, () => {
      if (this.#owners === 'set') lchownSync(place, node.uid, node.gid);
      if (node.type !== 'symlink') chmodSync(place, permissionsOf(node.mode));
      if (place !== path) renameSync(place, path);
      this.#others++;
      this.#noteMetadata(entry, path);
    });
    if (this.#failed.has(entry) && place !== path) removeQuietly(place);
  }

  #noteMetadata(entry: PlannedEntry, path: Buffer): void {
    const { node } = entry;
    this.#times.set(path, node.atime.ns, node.mtime.ns);
    if (hasAttributes(entry) && node.type !== 'symlink') {
      this.#attributes.push({ path, attributes: node.extendedAttributes ?? [] });
    }
  }

  /**
   * Owner, attributes, times, and last the modes, deepest first: a mode may close a directory to us. Times of
   * directories come when nothing is made in them any more.
   */
  async #setMetadata(): Promise<void> {
    const late: PlannedEntry[] = [];
    for (const entry of this.#plan.entries) {
      const { node, action, metadata } = entry;
      const isOld = action === 'unchanged' && node.type !== 'symlink';
      if (metadata === 'no' || this.#failed.has(entry)) continue;
      if (node.type !== 'dir' && !isOld && !hasAttributes(entry)) continue;
      late.push(entry);
      if (node.type !== 'dir' && !isOld) continue;
      const path = this.#paths.of(entry.path);
      this.#attempt(entry, () => {
        if (this.#owners === 'set') lchownSync(path, node.uid, node.gid);
        this.#noteMetadata(entry, path);
      });
    }
    const { state, failed } = await setAttributes(this.#attributes);
    const why =
      state === 'missing' ? 'The program perl, which sets them, is missing.' : 'The target does not take them.';
    if (failed.length > 0) this.#guard.assertUsable();
    for (const { path } of failed) this.#note(path, 'attributes', `Its extended attributes were not set. ${why}`);
    const untimed = await this.#times.flush();
    if (untimed.length > 0) this.#guard.assertUsable();
    for (const path of untimed) this.#note(path, 'attributes', 'Its times could not be set.');
    for (const entry of late.reverse()) {
      this.#attempt(entry, () => {
        chmodSync(this.#paths.of(entry.path), permissionsOf(entry.node.mode));
        this.#closed.forget(entry);
      });
    }
  }

  #attempt(entry: PlannedEntry, work: () => void): void {
    try {
      if (entry.path.length === 1) this.#guard.assertThere();
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

  #fail(entry: PlannedEntry, reason: RestoreProblem, text: string): void {
    this.#failed.add(entry);
    this.#leftOut.push({ path: entry.text, reason, text });
  }

  /** Such problems are rare, so the entry is looked for only now. */
  #note(path: Buffer, reason: RestoreProblem, text: string): void {
    const entry = this.#plan.entries.find((one) => this.#paths.of(one.path).equals(path));
    this.#leftOut.push({ path: entry?.text ?? path.toString(), reason, text });
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
