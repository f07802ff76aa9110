/**
 * Watching, as the rest of the app sees it. Events are hints, full scans decide: every watcher loses events silently
 * when the kernel's queue overflows, so whatever smells of loss is reported as `everything`.
 */

/** What a watch has to tell about one root. */
export type WatchEvent =
  /** The watch is complete: changes are told from now on. */
  | { readonly kind: 'ready'; readonly root: string }
  /** These directories (absolute) have changed entries, or are new themselves. */
  | { readonly kind: 'dirty'; readonly root: string; readonly directories: readonly string[] }
  /** Changes may have been missed, or came too thick to name: the next run has to scan everything. */
  | { readonly kind: 'everything'; readonly root: string; readonly reason: string }
  /** This root cannot be watched (further): the clock has to do the work. `reason` is a sentence for a person. */
  | { readonly kind: 'unwatched'; readonly root: string; readonly reason: string }
  /** The root is not there any more: `ready` follows should it come back. `reason` is a sentence for a person. */
  | { readonly kind: 'missing'; readonly root: string; readonly reason: string };

export interface WatchOptions {
  /** Paths for which this says true are not watched, nor what lies below them. */
  readonly ignored?: (path: string) => boolean;
}

export interface Watcher {
  /** Begins to watch in the background; gives at once. */
  watch(root: string, options: WatchOptions): void;
  unwatch(root: string): Promise<void>;
  close(): Promise<void>;
}
