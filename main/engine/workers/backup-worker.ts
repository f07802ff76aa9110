/**
 * A worker of the backup pipeline: reads files into the chunker's memory, cuts, hashes, asks once for many blobs which
 * destinations lack them, compresses those once, seals them for each and fills packs, all where the bytes already are.
 */
import { parentPort } from 'node:worker_threads';
import { pathsIn } from '../backup/path-batch.ts';
import { compressForNow } from '../format/zstd.ts';
import { giveBack } from '../give-back.ts';
import {
  type BackupWorkerData,
  type BlobsJob,
  type ChunksJob,
  type CutsJob,
  FILE_READ,
  FILE_UNSTEADY,
  type FilesDone,
  type FilesJob,
  type FreshStat,
  type FromWorker,
  type ToWorker,
} from './backup-messages.ts';
import { hashOfChunk } from './chunk-hash.ts';
import { type ChunkSink, FileChunks } from './file-chunks.ts';
import { PackWriter } from './pack-writer.ts';

const port = parentPort as NonNullable<typeof parentPort>;
const ID_BYTES = 32;
/** Progress is told when this many bytes have been read. */
const TELL_BYTES = 4 * 1024 * 1024;

const send = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(message, transfer);

/** Made when the run begins, before the first job. */
let packs: PackWriter;
let files: FileChunks;
let compressionLevel: number | null;

let answerClaim: ((wanted: Uint32Array) => void) | undefined;
let bytesToTell = 0;

/** Ids in one growing buffer: an object for each would be memory outside the heap that the collector does not see. */
class IdList {
  #bytes = Buffer.allocUnsafeSlow(1024 * ID_BYTES);
  count = 0;

  /** Valid until the next `add`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.count * ID_BYTES);
  }

  /** In memory of their own, to be handed over: as views, all of the memory behind them would be copied. */
  copy(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes);
  }

  add(id: Uint8Array): void {
    const at = this.count * ID_BYTES;
    if (at === this.#bytes.length) this.#grow();
    this.#bytes.set(id, at);
    this.count++;
  }

  #grow(): void {
    const wider = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
    wider.set(this.#bytes);
    giveBack(this.#bytes);
    this.#bytes = wider;
  }
}

const idOfChunk = Buffer.alloc(ID_BYTES);

/** Chunks that wait in the arena, and the ids of the files of the job at hand. */
class WaitingChunks implements ChunkSink {
  readonly #chunks: Uint8Array[] = [];
  readonly #ids = new IdList();
  readonly #jobIds = new IdList();
  #fileStart = 0;

  beginJob(): void {
    this.#jobIds.count = 0;
    this.#fileStart = 0;
  }

  /** In memory of their own. */
  copyJobIds(): Uint8Array<ArrayBuffer> {
    return this.#jobIds.copy();
  }

  /** The file at hand is done. Gives the number of its chunks; `drop`: its ids do not count. */
  endFile(outcome: 'keep' | 'drop'): number {
    if (outcome === 'drop') this.#jobIds.count = this.#fileStart;
    const chunks = this.#jobIds.count - this.#fileStart;
    this.#fileStart = this.#jobIds.count;
    return chunks;
  }

  begin(): void {
    this.#jobIds.count = this.#fileStart;
  }

  chunk(bytes: Uint8Array): void {
    idOfChunk.write(hashOfChunk(bytes), 'binary');
    this.#ids.add(idOfChunk);
    this.#jobIds.add(idOfChunk);
    this.#chunks.push(bytes);
  }

  async settle(): Promise<void> {
    if (this.#chunks.length === 0) return;
    const ids = this.#ids.bytes;
    const wanted = await claim(this.#ids.copy());
    for (let position = 0; position < this.#chunks.length; position++) {
      const bits = wanted[position] ?? 0;
      const waits = bits && store('data', idAt(ids, position), this.#chunks[position] as Uint8Array, bits);
      if (waits) await waits;
    }
    this.#chunks.length = 0;
    this.#ids.count = 0;
  }
}

const waiting = new WaitingChunks();

function begin(data: BackupWorkerData): void {
  compressionLevel = data.compressionLevel;
  packs = new PackWriter(data.keys, (pack) =>
    send({ kind: 'pack', ...pack }, [pack.header.buffer, pack.indexText.buffer]),
  );
  files = new FileChunks(BigInt(`0x${data.chunkerPolynomial}`), waiting, (bytes) => {
    bytesToTell += bytes;
    if (bytesToTell >= TELL_BYTES) tellBytes();
  });
}

function tellBytes(): void {
  send({ kind: 'bytesRead', bytes: bytesToTell });
  bytesToTell = 0;
}

/** @param ids in memory of their own, which is handed over */
function claim(ids: Uint8Array<ArrayBuffer>): Promise<Uint32Array> {
  return new Promise((resolve) => {
    answerClaim = resolve;
    send({ kind: 'claim', ids }, [ids.buffer]);
  });
}

/** Gives what it has to wait for, if it has. */
function store(type: 'data' | 'tree', id: Uint8Array, plain: Uint8Array, wanted: number): Promise<void> | undefined {
  const packed = compressionLevel === null ? plain : compressForNow(plain, compressionLevel);
  // What does not shrink is stored raw: the format allows both, and reading it back costs less.
  const raw = compressionLevel === null || (type === 'data' && packed.length >= plain.length);
  const stored = raw ? plain : packed;
  return packs.add({ type, id, stored, uncompressedLength: raw ? 0 : plain.length, plainBytes: plain.length }, wanted);
}

function idAt(ids: Uint8Array, position: number): Uint8Array {
  return ids.subarray(position * ID_BYTES, (position + 1) * ID_BYTES);
}

async function storeFiles(job: FilesJob): Promise<void> {
  const paths = pathsIn(job.paths);
  const count = paths.length;
  const outcomes = new Uint8Array(count);
  const sizes = new Float64Array(count);
  const blobCounts = new Uint32Array(count);
  waiting.beginJob();
  const fresh: FreshStat[] = [];
  const failures: FilesDone['failures'][number][] = [];
  for (const [position, path] of paths.entries()) {
    const seen = { size: job.sizes[position] ?? 0, changeTime: job.changeTimes[position] ?? 0n };
    const result = await files.read(path, seen);
    outcomes[position] = result.outcome;
    sizes[position] = result.size;
    if (result.fresh) fresh.push({ position, ...result.fresh });
    if (result.failure) failures.push({ position, ...result.failure });
    const isStored = result.outcome === FILE_READ || result.outcome === FILE_UNSTEADY;
    blobCounts[position] = waiting.endFile(isStored ? 'keep' : 'drop');
  }
  await files.settle();
  tellBytes();
  const ids = waiting.copyJobIds();
  const columns = [outcomes.buffer, sizes.buffer, blobCounts.buffer, ids.buffer];
  send({ kind: 'filesDone', job: job.job, outcomes, sizes, blobCounts, ids, fresh, failures }, columns);
}

function findCuts(job: CutsJob): void {
  const { ends, isEndOfFile } = files.findCuts(job.path, job);
  send({ kind: 'cutsDone', job: job.job, ends, isEndOfFile });
}

async function storeChunks({ job, path, bounds }: ChunksJob): Promise<void> {
  waiting.beginJob();
  await files.readChunks(path, bounds);
  await files.settle();
  waiting.endFile('keep');
  tellBytes();
  const ids = waiting.copyJobIds();
  send({ kind: 'chunksDone', job, ids }, [ids.buffer]);
}

async function storeBlobs(job: BlobsJob): Promise<void> {
  let offset = 0;
  for (const [position, length] of job.lengths.entries()) {
    const id = idAt(job.ids, position);
    const bytes = job.bytes.subarray(offset, offset + length);
    const wanted = job.wanted[position] ?? 0;
    const plainBytes = job.compressedFrom?.[position];
    if (plainBytes === undefined) await store(job.type, id, bytes, wanted);
    else await packs.add({ type: job.type, id, stored: bytes, uncompressedLength: plainBytes, plainBytes }, wanted);
    offset += length;
  }
  // At once: see `giveBack`. All of it, of which the bytes may be a part.
  job.bytes.buffer.transfer(0);
  send({ kind: 'blobsDone', job: job.job });
}

/** Jobs run one after the other; answers reach the job that waits for them. */
let line: Promise<void> = Promise.resolve();
const inLine = (work: () => Promise<void>): void => {
  line = line.then(work);
  // A fault here is a fault of ours: it ends the worker, and the pool reports it as a failed run.
  line.catch((error) => {
    throw error;
  });
};

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'begin':
      return begin(message.data);
    case 'files':
      return inLine(() => storeFiles(message));
    case 'cuts':
      return inLine(async () => findCuts(message));
    case 'chunks':
      return inLine(() => storeChunks(message));
    case 'blobs':
      return inLine(() => storeBlobs(message));
    case 'flush':
      return inLine(async () => {
        packs.flush();
        send({ kind: 'flushed' });
      });
    case 'claimed':
      return answerClaim?.(message.wanted);
    case 'packTaken':
      return packs.taken(message.buffer);
  }
});
