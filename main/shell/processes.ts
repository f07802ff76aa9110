import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { utilityProcess } from 'electron';
import type { ProcessLink } from '../app/ports.ts';
import { shippedRclone } from './paths.ts';

/** How long a process may take to end by itself. */
const PATIENCE_MS = 8000;

/**
 * Starts one of our entry files as a utility process, outside the asar archive and without Electron's view of archives:
 * otherwise any `*.asar` on the user's disk would look like a folder (docs/decisions/0006).
 */
export function startUtilityProcess(entry: URL, label: string): ProcessLink {
  const child = utilityProcess.fork(outsideArchive(fileURLToPath(entry)), [], {
    serviceName: `triplicate-${label}`,
    env: environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let running = true;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running = false;
      resolve();
    });
  });
  return {
    post: (message) => {
      if (running) child.postMessage(message);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', listener),
    stop: async () => {
      if (!running) return;
      // A utility process cannot be disconnected; its entries take this message as the wish to end.
      child.postMessage({ kind: 'close' });
      const timer = setTimeout(() => child.kill(), PATIENCE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The unpacked twin of a path inside the archive; any other path stays. */
export function outsideArchive(path: string): string {
  return path.replace(`${sep}app.asar${sep}`, `${sep}app.asar.unpacked${sep}`);
}

function environment(): Record<string, string> {
  const rclone = shippedRclone();
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^TRIPLICATE_(PASSPHRASE|PASSWORD)$/.test(entry[0]),
  );
  const shipped = rclone !== undefined && existsSync(rclone) ? { TRIPLICATE_RCLONE: rclone } : {};
  // As many threads for files as the command line has (main/bin.js says why).
  const threads = { UV_THREADPOOL_SIZE: '8' };
  return { ...threads, ...shipped, ...Object.fromEntries(inherited), ELECTRON_NO_ASAR: '1' };
}
