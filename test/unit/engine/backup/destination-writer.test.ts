import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { systemHost } from '../../../../main/app/engine-host.ts';
import { DestinationWriter } from '../../../../main/engine/backup/destination-writer.ts';
import { createRepository, type Repository } from '../../../../main/engine/engine.ts';
import { decodeIndex, encodeIndexPack } from '../../../../main/engine/format/index-file.ts';
import { PackHeaderBlobs } from '../../../../main/engine/format/pack.ts';
import type { Snapshot } from '../../../../main/engine/format/snapshot.ts';
import { formatTime } from '../../../../main/engine/format/time.ts';
import type { PackId, TreeId } from '../../../../main/engine/ids.ts';
import { BlobIndex, loadIndex } from '../../../../main/engine/repository/blob-index.ts';
import { readUnpacked } from '../../../../main/engine/repository/unpacked-files.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import type { PackMessage } from '../../../../main/engine/workers/backup-pool.ts';
import { CHEAP_SCRYPT, PASSPHRASE } from '../../../support/engine.ts';

let repository: Repository;
/** Minutes since the run began. */
let minutes: number;
beforeEach(async () => {
  const host = systemHost();
  minutes = 0;
  const start = host.clock.now();
  const clock = { ...host.clock, now: () => start + BigInt(minutes) * 60_000_000_000n };
  const secret = { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT };
  repository = await createRepository(createMemoryStore(), secret, { ...host, clock });
});

/** A pack of one blob of 100 bytes. */
function onePack(): PackMessage {
  const bytes = randomBytes(200);
  const header = new Uint8Array(37);
  header[1] = 100;
  header.set(randomBytes(32), 5);
  const id = createHash('sha256').update(bytes).digest('hex');
  const indexText = encodeIndexPack({ id: id as PackId, blobs: new PackHeaderBlobs(header, 1) });
  return { kind: 'pack', destination: 0, id, bytes, header, blobCount: 1, indexText, plainBytes: 68 };
}

function snapshotNow(): Snapshot {
  const now = repository.host.clock.now();
  const names = { paths: ['/source'], hostname: 'host', username: 'user', uid: 1, gid: 1 };
  const tree = 'a'.repeat(64) as TreeId;
  return { time: { ns: now, text: formatTime(now, 0) }, tree, ...names, excludes: [], tags: [] };
}

it.each(Array.from({ length: 24 }, (_, moment) => moment))(
  'names every pack once when the end is sent ahead as an index file is due: moment %i',
  async (moment) => {
    const leave = { held: Promise.resolve(), lost: new AbortController().signal, signal: new AbortController().signal };
    const loaded = { index: new BlobIndex(16), indexIds: [], damaged: [] };
    const writer = new DestinationWriter(repository, loaded, Promise.resolve({ snapshots: [], unreadable: [] }), leave);
    await writer.storePack(onePack());
    minutes = 6;
    const storing = writer.storePack(onePack());
    for (let step = 0; step < moment; step++) await Promise.resolve();
    writer.sendAhead(snapshotNow());
    await storing;
    await writer.finishIndex();
    await writer.finishSnapshot(snapshotNow());
    await writer.takeBack();
    const named: string[] = [];
    for (const { id } of await repository.store.list('index')) {
      const text = await readUnpacked(repository, { type: 'index', id });
      named.push(...decodeIndex(text).packs.map((pack) => pack.id));
    }
    expect(named.sort()).toEqual((await repository.store.list('data')).map(({ id }) => id).sort());
    const { index, indexIds } = writer.currentIndex();
    expect([...indexIds].sort()).toEqual([...(await loadIndex(repository)).indexIds].sort());
    expect(index.blobCount).toBe(2);
    expect(await repository.store.list('snapshots')).toHaveLength(1);
  },
);
