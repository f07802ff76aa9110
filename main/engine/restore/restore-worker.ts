/**
 * A worker of the restore: opens blobs (decrypt, decompress, hash) and writes them, many small files a job, with
 * synchronous calls: a promise a file would cost more than the file.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { BlobId } from '../ids.ts';
import { openBlobForNow } from '../repository/blob-reader.ts';
import { isTransferable } from '../workers/job-pool.ts';
import type { FilePart, RestoreJob, RestoreReply, RestoreWorkerData, WholeFile } from './restore-messages.ts';
import { isOnDevice, liesInRoot } from './target-guard.ts';
import { temporaryPath } from './temporary-names.ts';
import { writeAt, writeWhole } from './write-file.ts';

const { key, owners, mark, root: rootText, device } = workerData as RestoreWorkerData;
const root = Buffer.from(rootText, 'latin1');
const port = parentPort as NonNullable<typeof parentPort>;
const EMPTY = new Uint8Array(0);

port.on('message', (job: RestoreJob) => {
  const reply = handle(job);
  port.postMessage(reply, isTransferable(reply.room) ? [reply.room.buffer] : []);
});

function handle(job: RestoreJob): RestoreReply {
  const failures: { file: number; code: string; message: string }[] = [];
  const badBlobs: number[] = [];
  let bytesWritten = 0;
  const attempt = (file: number, work: () => number): void => {
    try {
      bytesWritten += work();
    } catch (error) {
      const { code = '', message = String(error) } = error as { code?: string; message?: string };
      failures.push({ file, code, message });
    }
  };
  const whole = Map.groupBy(job.whole, ({ blob }) => blob);
  const parts = Map.groupBy(job.parts, ({ blob }) => blob);
  for (const file of whole.get(-1) ?? []) attempt(file.file, () => writeOne(file, EMPTY));
  for (const [position, blob] of job.blobs.entries()) {
    const stored = job.bytes.subarray(blob.start, blob.start + blob.length);
    let plain: Uint8Array;
    try {
      plain = job.form === 'plain' ? stored : openBlobForNow({ key }, stored, blob, blob.id as BlobId);
    } catch {
      badBlobs.push(position);
      continue;
    }
    for (const file of whole.get(position) ?? []) attempt(file.file, () => writeOne(file, plain));
    for (const part of parts.get(position) ?? []) attempt(part.file, () => writePart(part, plain));
  }
  return { badBlobs, failures, bytesWritten, room: new Uint8Array(job.bytes.buffer) };
}

function writeOne({ file, path: text, mode, uid, gid, existing }: WholeFile, plain: Uint8Array): number {
  const owner = owners === 'set' ? { owner: { uid, gid } } : {};
  const path = Buffer.from(text, 'latin1');
  if (liesInRoot(path, root) && !isOnDevice(root, device)) {
    throw Object.assign(new Error('The disk of the target is gone.'), { code: 'ENODEV' });
  }
  writeWhole({ path, temporary: temporaryPath(path, mark, file), mode, existing, ...owner }, plain);
  return plain.length;
}

function writePart({ temporary, at }: FilePart, plain: Uint8Array): number {
  const fd = openSync(Buffer.from(temporary, 'latin1'), constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    writeAt(fd, plain, at, 'leave');
  } finally {
    closeSync(fd);
  }
  return plain.length;
}
