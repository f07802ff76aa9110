/**
 * Has the system read files from the disk before a worker of the pipeline comes to them: reads each itself, and forgets it. What
 * cannot be read is passed over; the worker meets it too, and names it.
 */
import { closeSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { BytePath } from '../backup/byte-path.ts';
import { pathsIn } from '../backup/path-batch.ts';
import { openToRead } from './open-to-read.ts';
import type { ReadAheadJob } from './read-ahead-messages.ts';

const port = parentPort as NonNullable<typeof parentPort>;
/** Of a file that goes on behind it the system reads the rest ahead by itself. */
const BEGINNING_BYTES = 4 * 1024 * 1024;
const buffer = Buffer.alloc(256 * 1024);

port.on('message', ({ paths, first, step }: ReadAheadJob) => {
  const files = pathsIn(paths);
  for (let position = first; position < files.length; position += step) {
    try {
      const fd = openToRead(files[position] as BytePath);
      try {
        readBeginning(fd);
      } finally {
        closeSync(fd);
      }
    } catch {
      // See above.
    }
  }
});

function readBeginning(fd: number): void {
  for (let from = 0; from < BEGINNING_BYTES; from += buffer.length) {
    if (readSync(fd, buffer, 0, buffer.length, from) < buffer.length) return;
  }
}
