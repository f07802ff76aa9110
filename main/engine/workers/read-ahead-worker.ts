/**
 * Has the system read small files from the disk before a worker of the pipeline comes to them: it asks for the first byte of each.
 * What cannot be read is passed over; the worker meets it too, and names it.
 */
import { closeSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { BytePath } from '../backup/byte-path.ts';
import { pathsIn } from '../backup/path-batch.ts';
import { openToRead } from './open-to-read.ts';
import type { ReadAheadJob } from './read-ahead-messages.ts';

const port = parentPort as NonNullable<typeof parentPort>;
const byte = Buffer.alloc(1);

port.on('message', ({ paths, first, step }: ReadAheadJob) => {
  const files = pathsIn(paths);
  for (let position = first; position < files.length; position += step) {
    try {
      const fd = openToRead(files[position] as BytePath);
      try {
        readSync(fd, byte, 0, 1, 0);
      } finally {
        closeSync(fd);
      }
    } catch {
      // See above.
    }
  }
});
