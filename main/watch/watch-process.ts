/**
 * Entry of the watching process: its memory peaks while it starts, and a busy engine must not make it miss events.
 * Messages: `watch-messages.ts`, over Node's IPC channel or Electron's parent port.
 */

import { IdleMemory } from '../process/idle-memory.ts';
import { FolderWatcher } from './folder-watcher.ts';
import type { FromWatchProcess, ToWatchProcess } from './watch-messages.ts';

interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

const electronPort = (process as unknown as { parentPort?: ParentPort }).parentPort;

const memory = new IdleMemory();

function tell(event: FromWatchProcess): void {
  memory.idle();
  if (electronPort) electronPort.postMessage(event);
  else process.send?.(event);
}

const watcher = new FolderWatcher(tell);

function receive(message: ToWatchProcess): void {
  if (message.kind === 'watch') {
    const below = message.ignoredPaths.map((path) => `${path}/`);
    const ignored = (path: string): boolean => below.some((prefix) => `${path}/`.startsWith(prefix));
    watcher.watch(message.root, below.length > 0 ? { ignored } : {});
  } else if (message.kind === 'unwatch') void watcher.unwatch(message.root);
  else void watcher.close().then(() => process.exit(0));
}

if (electronPort) electronPort.on('message', ({ data }) => receive(data as ToWatchProcess));
else {
  process.on('message', receive);
  process.on('disconnect', () => process.exit(0));
}
