import { createHash } from 'node:crypto';
import { lstatSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import { type LongFile, storeLongFile } from '../../../../main/engine/backup/long-file.ts';
import { MIN_CHUNK } from '../../../../main/engine/chunker/limits.ts';
import type { BackupPool } from '../../../../main/engine/workers/backup-pool.ts';
import { poolThatStoresNothing } from '../../../support/backup-pool.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const MIB = 1024 * 1024;

let scratch: TemporaryFolder;
let pool: BackupPool;
beforeEach(async () => {
  scratch = await temporaryFolder('long-file');
  pool = poolThatStoresNothing(2);
});
afterEach(async () => {
  await pool.close();
  await scratch.remove();
});

function fileOfHoles(size: number): LongFile {
  const path = join(scratch.path, 'disk.img');
  writeFileSync(path, '');
  truncateSync(path, size);
  return { path: bytePathOf(path), size, changeTime: lstatSync(path, { bigint: true }).ctimeNs };
}

it.each([
  ['in the middle of a chunk', 64 * MIB + 100_000],
  ['with a chunk', 64 * MIB + MIN_CHUNK],
  ['with the part that is looked through at a time', 128 * MIB],
])('stores a file that ends %s, and does not leave it to the usual reading', async (_where, size) => {
  const ids = Buffer.from((await storeLongFile(pool, fileOfHoles(size))) ?? []);
  const idOf = (bytes: number): Buffer => createHash('sha256').update(Buffer.alloc(bytes)).digest();
  const whole = Math.floor(size / MIN_CHUNK);
  const rest = size % MIN_CHUNK;
  const expected = [...Array.from({ length: whole }, () => idOf(MIN_CHUNK)), ...(rest > 0 ? [idOf(rest)] : [])];
  expect(ids.equals(Buffer.concat(expected))).toBe(true);
});

it('leaves a file that has changed since it was seen', async () => {
  const file = fileOfHoles(128 * MIB);
  truncateSync(join(scratch.path, 'disk.img'), 192 * MIB);
  expect(await storeLongFile(pool, file)).toBeUndefined();
});
