/** A worker of the check: verifies whole packs, every byte of them. */
import { parentPort, workerData } from 'node:worker_threads';
import { open } from '../format/crypto.ts';
import { checkPackLayout, parsePackHeader, readPackHeaderLength } from '../format/pack.ts';
import { openBlob } from '../repository/blob-reader.ts';
import { hexSha256 } from '../repository/sha256.ts';
import type { CheckJob, CheckReply, CheckWorkerData } from './check-messages.ts';

const { key } = workerData as CheckWorkerData;
const port = parentPort as NonNullable<typeof parentPort>;

port.on('message', (job: CheckJob) => {
  port.postMessage(verify(job));
});

function verify(job: CheckJob): CheckReply {
  const badBlobs = job.entries.filter((entry) => !isGood(job.bytes, entry)).map(({ type, id }) => ({ type, id }));
  const hash = hexSha256(job.bytes);
  return {
    name: hash === job.id ? 'right' : 'wrong',
    hash,
    header: hasHeader(job) ? 'right' : 'wrong',
    badBlobs,
  };
}

function isGood(bytes: Uint8Array, entry: CheckJob['entries'][number]): boolean {
  try {
    return openBlob({ key }, bytes.subarray(entry.offset, entry.offset + entry.length), entry, entry.id).length > 0;
  } catch {
    return false;
  }
}

function hasHeader({ bytes, entries }: CheckJob): boolean {
  try {
    const length = readPackHeaderLength(bytes.subarray(-4), bytes.length);
    const header = parsePackHeader(open(key, bytes.subarray(bytes.length - 4 - length, bytes.length - 4)));
    checkPackLayout(header, bytes.length);
    const text = (list: CheckJob['entries']): string[] =>
      list.map((one) => `${one.offset} ${one.length} ${one.uncompressedLength} ${one.type} ${one.id}`).sort();
    const wanted = text(entries);
    return header.length === entries.length && text(header).every((line, position) => line === wanted[position]);
  } catch {
    return false;
  }
}
