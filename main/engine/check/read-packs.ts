import { availableParallelism } from 'node:os';
import { hasCode, throwIfCancelled } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import { inParallel } from '../repository/in-parallel.ts';
import type { Repository } from '../repository/repository.ts';
import { BlobSet } from '../walk/blob-set.ts';
import { isTransferable, JobPool } from '../workers/job-pool.ts';
import { workerEntry } from '../workers/worker-entry.ts';
import type { CheckJob, CheckReply, CheckWorkerData } from './check-messages.ts';
import type { Finding } from './report.ts';

export interface ReadPacksResult {
  readonly packsRead: number;
  readonly bytesRead: number;
  /** Blobs with a copy that is proven good. */
  readonly good: BlobSet;
}

/**
 * Reads every given pack and verifies all of it: name, header, each blob. `sizes` are what the place lists: a pack of which it gives
 * more or less than that has not been seen, whatever came instead, as from a proxy that answers with a page of its own; nor has one
 * that is another each time, as a bad cable or memory makes it: what is stored may be whole.
 * @throws `store/unreachable`, `cancelled`, …
 */
export async function readPacks(
  repository: Repository,
  packs: readonly IndexedPack[],
  sizes: ReadonlyMap<string, number>,
  onFinding: (finding: Finding, bad: CheckReply['badBlobs']) => void,
  onPack: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<ReadPacksResult> {
  const data: CheckWorkerData = { key: repository.key };
  const workers = Math.min(4, availableParallelism());
  const pool = new JobPool<CheckJob, CheckReply>(workerEntry('check-worker', import.meta.url), data, workers);
  const good = new BlobSet();
  let packsRead = 0;
  let bytesRead = 0;
  try {
    await inParallel(packs, Math.min(workers + 1, repository.store.capabilities.connections), async (pack) => {
      throwIfCancelled(signal);
      const look = async (): Promise<{ readonly size: number; readonly reply: CheckReply } | undefined> => {
        const bytes = await readWhole(repository, pack, signal);
        if (!bytes) return undefined;
        const size = bytes.length;
        const job = { id: pack.id, bytes, entries: pack.blobs };
        return { size, reply: await pool.run(job, isTransferable(bytes) ? [bytes.buffer] : []) };
      };
      const first = await look();
      const seen = first?.reply.name === 'wrong' ? await look() : first;
      if (!seen) {
        onFinding(unreadable(pack), pack.blobs);
        return;
      }
      const { size, reply } = seen;
      const isSteady = size === sizes.get(pack.id) && reply.hash === first?.reply.hash;
      if (reply.name === 'wrong' && !isSteady) {
        onFinding(unreadable(pack), pack.blobs);
        return;
      }
      packsRead++;
      bytesRead += size;
      onPack(size);
      const bad = new Set(reply.badBlobs.map(({ type, id }) => `${type} ${id}`));
      for (const { type, id } of pack.blobs) if (!bad.has(`${type} ${id}`)) good.add(type, id);
      const finding = findingOf(pack, reply);
      if (finding) onFinding(finding, reply.badBlobs);
    });
  } finally {
    await pool.close();
  }
  return { packsRead, bytesRead, good };
}

async function readWhole(repository: Repository, { id }: IndexedPack, signal?: AbortSignal) {
  try {
    return await repository.store.get({ type: 'data', id }, undefined, signal);
  } catch (error) {
    if (!hasCode(error, 'store/not-found', 'store/corrupt', 'store/denied')) throw error;
    return undefined;
  }
}

function unreadable({ id }: IndexedPack): Finding {
  return { code: 'pack-unreadable', level: 'error', id, text: `Pack ${id.slice(0, 8)} cannot be read.` };
}

function findingOf({ id }: IndexedPack, { name, header, badBlobs }: CheckReply): Finding | undefined {
  const short = id.slice(0, 8);
  const found = { code: 'pack-damaged', level: 'error', id, badBlobs: badBlobs.length } as const;
  if (badBlobs.length > 0) {
    return {
      ...found,
      what: 'content',
      text: `Pack ${short} is damaged: ${badBlobs.length} ${badBlobs.length === 1 ? 'piece' : 'pieces'} of content lost.`,
    };
  }
  if (header === 'wrong') {
    return {
      ...found,
      what: 'header',
      text: `Pack ${short} has a header that does not fit the index; its content is good.`,
    };
  }
  if (name === 'right') return undefined;
  return { ...found, what: 'name', text: `Pack ${short} was changed: its hash is not its name; its content is good.` };
}
