import type { TreeId } from '../ids.ts';
import type { HelperState } from './attributes.ts';
import type { LeftOut, LeftOutReason } from './request.ts';

/** What a run has counted so far; the report is made of it. */
export class Counts {
  filesNew = 0;
  filesChanged = 0;
  filesUnchanged = 0;
  filesRemoved = 0;
  /** Directories of the parent that are gone; what was in them is counted at the end. */
  readonly treesRemoved: TreeId[] = [];
  directories = 0;
  /** Of the paths that were asked for, those that are neither excluded nor unreadable. */
  targetsTaken = 0;
  bytesTotal = 0;
  bytesRead = 0;
  excluded = 0;
  /** Files that are settled, and those known of: for progress. */
  filesDone = 0;
  filesFound = 0;
  bytesDone = 0;
  bytesFound = 0;
  /** Bytes that the workers have read so far, of finished and unfinished files. */
  bytesStreamed = 0;
  /** The walk has seen everything: totals are known. */
  walked = false;
  attributeHelper: HelperState = 'works';
  currentPath: string | null = null;
  readonly leftOut: LeftOut[] = [];

  /** @param bytes of all these files */
  settled(bytes: number, files = 1): void {
    this.filesDone += files;
    this.bytesDone += bytes;
    this.bytesTotal += bytes;
  }

  leaveOut(path: string, reason: LeftOutReason, text: string): void {
    this.leftOut.push({ path, reason, text });
  }
}
