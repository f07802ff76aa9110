import type { AttributeReader } from './attributes.ts';
import type { Counts } from './counts.ts';
import type { DestinationWriter } from './destination-writer.ts';
import type { DirtyPaths } from './dirty-paths.ts';
import type { EntryContext } from './entry.ts';
import type { FileQueue } from './file-queue.ts';
import type { ListingAhead } from './listing-ahead.ts';
import type { Parent } from './parent.ts';
import type { ScanCache } from './scan-cache.ts';
import type { Selection } from './selection.ts';
import type { TreeQueue } from './tree-queue.ts';

/** What the parts of a walk work with. */
export interface WalkContext {
  readonly writers: readonly DestinationWriter[];
  readonly parent: Parent;
  readonly selection: Selection;
  readonly attributes: AttributeReader;
  readonly entries: EntryContext;
  readonly files: FileQueue;
  readonly trees: TreeQueue;
  readonly counts: Counts;
  /** Lists the directories of a full scan on another thread. */
  readonly ahead: ListingAhead | null;
  /** Null for a full scan. */
  readonly dirty: DirtyPaths | null;
  /** Directories as the last full scan found them; null for a run that lists only some. */
  readonly cache: Pick<ScanCache, 'known' | 'seen'> | null;
  readonly signal: AbortSignal | undefined;
}
