import type { WatchEvent } from './watcher.ts';

/** From the app to the watching process. `ignoredPaths`: absolute paths that are left alone with all below them. */
export type ToWatchProcess =
  | { readonly kind: 'watch'; readonly root: string; readonly ignoredPaths: readonly string[] }
  | { readonly kind: 'unwatch'; readonly root: string }
  | { readonly kind: 'stop' };

/** From the watching process to the app. */
export type FromWatchProcess = WatchEvent;
