/**
 * A worker of the restore: opens blobs (decrypt, decompress, hash) and writes them, many small files a job, with
 * synchronous calls: a promise a file would cost more than the file.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { SEAL_OVERHEAD } from '../format/crypto.ts';
import { Opener } from '../format/opener.ts';
import type { BlobId } from '../ids.ts';
import { openBlobInto, plainForNow } from '../repository/blob-reader.ts';
import { systemCode } from '../store/file-errors.ts';
import { isTransferable } from '../workers/job-pool.ts';
import { BulkRun } from './bulk-run.ts';
import { WHOLE } from './content-uses.ts';
import { firstUse } from './jobs.ts';
import type { FilePart, RestoreJob, RestoreReply, RestoreWorkerData } from './restore-messages.ts';
import { WholeFiles } from './whole-files.ts';
import { writeAt } from './write-file.ts';

const { key, ...data } = workerData as RestoreWorkerData;
const port = parentPort as NonNullable<typeof parentPort>;
const ID_BYTES = 32;
const EMPTY = new Uint8Array(0);
const opener = new Opener(key);
const run = new BulkRun();
const files = new WholeFiles(data);

/** Jobs are decoded one after the other; their answers leave in the same order, each when all of it is written. */
let decoding: Promise<void> = Promise.resolve();
let answering: Promise<void> = Promise.resolve();
port.on('message', (job: RestoreJob) => {
  decoding = decoding.then(async () => {
    const served = new ServedJob(job);
    await served.decode();
    answering = answering.then(async () => {
      const reply = await served.reply();
      port.postMessage(reply, isTransferable(reply.times) ? [reply.times.buffer] : []);
    });
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
  readonly #ids: Buffer;
  readonly #failures: { file: number; code: string; message: string }[] = [];
  readonly #unset: number[] = [];
  readonly #badBlobs: number[] = [];
  readonly #writes: Promise<void>[] = [];
  #bytesWritten = 0;
  #times = new Uint8Array(0);

  constructor(job: RestoreJob) {
    this.#job = job;
    this.#ids = Buffer.from(job.ids.buffer, job.ids.byteOffset, job.ids.length);
  }

  async decode(): Promise<void> {
    const { empty, bytes, starts, lengths } = this.#job;
    opener.begin(bytes, starts, lengths);
    for (const file of empty) this.#writeWhole(file, EMPTY);
    for (let position = 0; position < lengths.length; position++) {
      const part = this.#onlyPart(position);
      if (part) await this.#gather(position, part);
      else this.#decodeAndWrite(position);
    }
    this.#flush();
    this.#times = files.takeTimes();
  }

  async reply(): Promise<RestoreReply> {
    await Promise.all(this.#writes);
    return {
      badBlobs: this.#badBlobs,
      failures: this.#failures,
      unset: this.#unset,
      bytesWritten: this.#bytesWritten,
      times: this.#times,
    };
  }

  /** The part of a larger file that is all that a blob is wanted for, where it is worth to be gathered. */
  #onlyPart(position: number): FilePart | undefined {
    const { form, useEnds, positions } = this.#job;
    const use = firstUse(this.#job, position);
    const isOnly = useEnds[position] === use + 1 && positions[use] !== WHOLE;
    if (!isOnly || form !== 'sealed' || !BulkRun.suits(this.#plainLength(position))) return undefined;
    return this.#partOf(use);
  }

  #partOf(use: number): FilePart {
    const file = this.#job.entries[use] as number;
    const temporary = files.temporaryOf(file, this.#job.longPaths).toString('latin1');
    return { file, temporary, at: this.#job.positions[use] as number };
  }

  #decodeAndWrite(position: number): void {
    const { form, entries, positions, useEnds } = this.#job;
    let plain: Uint8Array;
    try {
      plain =
        form === 'plain'
          ? this.#stored(position)
          : plainForNow(opener.openInPlace(position), this.#place(position), this.#id(position));
    } catch {
      this.#badBlobs.push(position);
      return;
    }
    const end = useEnds[position] as number;
    for (let use = firstUse(this.#job, position); use < end; use++) {
      const file = entries[use] as number;
      if (positions[use] === WHOLE) this.#writeWhole(file, plain);
      else this.#attempt(file, () => writeUse(this.#partOf(use), plain));
    }
  }

  #writeWhole(file: number, plain: Uint8Array): void {
    try {
      if (files.write(file, plain, this.#job.longPaths) === 'refused') this.#unset.push(file);
      this.#bytesWritten += plain.length;
    } catch (error) {
      this.#fail(file, error);
    }
  }

  async #gather(position: number, part: FilePart): Promise<void> {
    const length = this.#plainLength(position);
    if (!run.continuesWith(part, length)) this.#flush();
    if (run.file === undefined) await run.free();
    try {
      const room = run.roomFor(part, length);
      openBlobInto({ key }, this.#stored(position), this.#place(position), this.#id(position), room);
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
    const { message = String(error) } = error as { message?: string };
    this.#failures.push({ file, code: systemCode(error) ?? '', message });
  }

  #stored(position: number): Uint8Array {
    const start = this.#job.starts[position] as number;
    return this.#job.bytes.subarray(start, start + (this.#job.lengths[position] as number));
  }

  #id(position: number): BlobId {
    return this.#ids.toString('hex', position * ID_BYTES, (position + 1) * ID_BYTES) as BlobId;
  }

  #place(position: number): { readonly uncompressedLength: number } {
    return { uncompressedLength: this.#job.uncompressedLengths[position] as number };
  }

  #plainLength(position: number): number {
    const { uncompressedLengths, lengths } = this.#job;
    return uncompressedLengths[position] || (lengths[position] as number) - SEAL_OVERHEAD;
  }
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
