/**
 * A worker of the restore: opens blobs (decrypt, decompress, hash) and writes them, many small files a job, with
 * synchronous calls: a promise a file would cost more than the file.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SEAL_OVERHEAD } from '../format/crypto.ts';
import type { BlobId } from '../ids.ts';
import { openBlobForNow, openBlobInto } from '../repository/blob-reader.ts';
import { BulkRun, writePart } from './bulk-run.ts';
import type { FilePart, RestoreJob, RestoreReply, RestoreWorkerData, WholeFile } from './restore-messages.ts';
import { isOnDevice, liesInRoot } from './target-guard.ts';
import { temporaryPath } from './temporary-names.ts';
import { writeWhole } from './write-file.ts';

const { key, owners, mark, root: rootText, device } = workerData as RestoreWorkerData;
const root = Buffer.from(rootText, 'latin1');
const port = parentPort as NonNullable<typeof parentPort>;
const EMPTY = new Uint8Array(0);
const run = new BulkRun();

port.on('message', (job: RestoreJob) => {
  port.postMessage(handle(job));
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
  const flush = (): void => {
    if (run.file !== undefined) attempt(run.file, () => run.flush());
  };
  for (const [position, blob] of job.blobs.entries()) {
    const stored = job.bytes.subarray(blob.start, blob.start + blob.length);
    const part = onlyPart(whole.get(position), parts.get(position));
    const length = blob.uncompressedLength || blob.length - SEAL_OVERHEAD;
    if (part && job.form === 'sealed' && BulkRun.suits(length)) {
      if (!run.continuesWith(part, length)) flush();
      try {
        openBlobInto({ key }, stored, blob, blob.id as BlobId, run.roomFor(part, length));
        run.take(part, length);
      } catch {
        badBlobs.push(position);
      }
      continue;
    }
    let plain: Uint8Array;
    try {
      plain = job.form === 'plain' ? stored : openBlobForNow({ key }, stored, blob, blob.id as BlobId);
    } catch {
      badBlobs.push(position);
      continue;
    }
    for (const file of whole.get(position) ?? []) attempt(file.file, () => writeOne(file, plain));
    for (const { file, temporary, at } of parts.get(position) ?? []) {
      attempt(file, () => {
        writePart(Buffer.from(temporary, 'latin1'), plain, at);
        return plain.length;
      });
    }
  }
  flush();
  return { badBlobs, failures, bytesWritten };
}

/** The part of a larger file that is all that the content is wanted for. */
function onlyPart(
  whole: readonly WholeFile[] | undefined,
  parts: readonly FilePart[] | undefined,
): FilePart | undefined {
  return whole === undefined && parts?.length === 1 ? parts[0] : undefined;
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
