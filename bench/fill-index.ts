/**
 * `node bench/fill-index.ts LOCATION BLOBS`: makes a new repository look as if it held so many blobs: index files that name them,
 * and packs of the right size with nothing in them. What opens it to write has the index of a very large repository to read.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { systemHost } from '../main/app/engine-host.ts';
import { openStore } from '../main/app/open-store.ts';
import { systemClock } from '../main/app/system.ts';
import { openRepository, packFileSize } from '../main/engine/engine.ts';
import type { PackEntry } from '../main/engine/format/pack.ts';
import type { BlobId, PackId } from '../main/engine/ids.ts';
import { IndexWriter } from '../main/engine/repository/index-writer.ts';
import { noise } from './data.ts';
import { PASSPHRASE } from './programs.ts';

const BLOBS_IN_PACK = 4000;
const BLOB_BYTES = 4096;
const ID_BYTES = 32;

const [location = '', blobs = '0'] = process.argv.slice(2);
const store = await openStore(location, { clock: systemClock });
const repository = await openRepository(store, { passphrase: PASSPHRASE }, systemHost());
const writer = new IndexWriter(repository);
for (let pack = 0; pack < Number(blobs) / BLOBS_IN_PACK; pack++) {
  const ids = noise(pack, (BLOBS_IN_PACK + 1) * ID_BYTES);
  const idAt = (position: number) => ids.toString('hex', position * ID_BYTES, (position + 1) * ID_BYTES);
  const id = idAt(BLOBS_IN_PACK) as PackId;
  const entries: PackEntry[] = [];
  for (let position = 0, offset = 0; position < BLOBS_IN_PACK; position++) {
    const length = BLOB_BYTES + (position % 100);
    entries.push({ type: 'data', id: idAt(position) as BlobId, offset, length, uncompressedLength: 2 * length });
    offset += length;
  }
  writer.add({ id, blobs: entries });
  makeEmptyFile(join(location, 'data', id.slice(0, 2)), id, packFileSize(entries));
  if (writer.isFull) await writer.flush();
}
await writer.flush();

/** It takes no room on the disk. */
function makeEmptyFile(folder: string, name: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  const file = openSync(join(folder, name), 'w');
  ftruncateSync(file, bytes);
  closeSync(file);
}
