/**
 * A worker of the restore: opens blobs (decrypt, decompress, hash) and writes them, many small files a job, with
 * synchronous calls: a promise a file would cost more than the file.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { SEAL_OVERHEAD } from '../format/crypto.ts';
import type { BlobId } from '../ids.ts';
import { openBlobForNow, openBlobInto } from '../repository/blob-reader.ts';
import { BulkRun } from './bulk-run.ts';
import type { FilePart, JobBlob, RestoreJob, RestoreReply, RestoreWorkerData, WholeFile } from './restore-messages.ts';
import { isOnDevice, liesInRoot } from './target-guard.ts';
import { temporaryPath } from './temporary-names.ts';
import { writeAt, writeWhole } from './write-file.ts';

const { key, owners, mark, root: rootText, device } = workerData as RestoreWorkerData;
const root = Buffer.from(rootText, 'latin1');
const port = parentPort as NonNullable<typeof parentPort>;
const EMPTY = new Uint8Array(0);
const run = new BulkRun();

/** Jobs are decoded one after the other; their answers leave in the same order, each when all of it is written. */
let decoding: Promise<void> = Promise.resolve();
let answering: Promise<void> = Promise.resolve();
port.on('message', (job: RestoreJob) => {
  decoding = decoding.then(async () => {
    const served = new ServedJob(job);
    await served.decode();
    answering = answering.then(async () => port.postMessage(await served.reply()));
    answering.catch(endWorker);
  });
  decoding.catch(endWorker);
});

/** A fault here is a fault of ours: it ends the worker, and the pool reports it. */
function endWorker(error: unknown): void {
  throw error;
}

/** One job on its way: what went wrong and what is still being written. */
class ServedJob {
  readonly #job: RestoreJob;
  readonly #failures: { file: number; code: string; message: string }[] = [];
  readonly #badBlobs: number[] = [];
  readonly #writes: Promise<void>[] = [];
  #bytesWritten = 0;

  constructor(job: RestoreJob) {
    this.#job = job;
  }

  async decode(): Promise<void> {
    const { blobs, bytes, form } = this.#job;
    const whole = Map.groupBy(this.#job.whole, ({ blob }) => blob);
    const parts = Map.groupBy(this.#job.parts, ({ blob }) => blob);
    for (const file of whole.get(-1) ?? []) this.#attempt(file.file, () => writeOne(file, EMPTY));
    for (const [position, blob] of blobs.entries()) {
      const stored = bytes.subarray(blob.start, blob.start + blob.length);
      const part = onlyPart(whole.get(position), parts.get(position));
      if (part && form === 'sealed' && BulkRun.suits(plainLength(blob))) {
        await this.#gather(position, blob, stored, part);
        continue;
      }
      let plain: Uint8Array;
      try {
        plain = form === 'plain' ? stored : openBlobForNow({ key }, stored, blob, blob.id as BlobId);
      } catch {
        this.#badBlobs.push(position);
        continue;
      }
      for (const file of whole.get(position) ?? []) this.#attempt(file.file, () => writeOne(file, plain));
      for (const use of parts.get(position) ?? []) this.#attempt(use.file, () => writeUse(use, plain));
    }
    this.#flush();
  }

  async reply(): Promise<RestoreReply> {
    await Promise.all(this.#writes);
    return { badBlobs: this.#badBlobs, failures: this.#failures, bytesWritten: this.#bytesWritten };
  }

  async #gather(position: number, blob: JobBlob, stored: Uint8Array, part: FilePart): Promise<void> {
    const length = plainLength(blob);
    if (!run.continuesWith(part, length)) this.#flush();
    if (run.file === undefined) await run.free();
    try {
      openBlobInto({ key }, stored, blob, blob.id as BlobId, run.roomFor(part, length));
      run.take(part, length);
    } catch {
      this.#badBlobs.push(position);
    }
  }

  #flush(): void {
    const { file } = run;
    if (file === undefined) return;
    const written = run.flush().then(
      (bytes) => {
        this.#bytesWritten += bytes;
      },
      (error: unknown) => this.#fail(file, error),
    );
    this.#writes.push(written);
  }

  #attempt(file: number, work: () => number): void {
    try {
      this.#bytesWritten += work();
    } catch (error) {
      this.#fail(file, error);
    }
  }

  #fail(file: number, error: unknown): void {
    const { code = '', message = String(error) } = error as { code?: string; message?: string };
    this.#failures.push({ file, code, message });
  }
}

function plainLength({ uncompressedLength, length }: JobBlob): number {
  return uncompressedLength || length - SEAL_OVERHEAD;
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

function writeUse({ temporary, at }: FilePart, plain: Uint8Array): number {
  const fd = openSync(Buffer.from(temporary, 'latin1'), constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    writeAt(fd, plain, at, 'leave');
  } finally {
    closeSync(fd);
  }
  return plain.length;
}
