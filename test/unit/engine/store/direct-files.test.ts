import { randomBytes, randomInt } from 'node:crypto';
import { readFile, statfs, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkMemory } from '../../../../main/engine/store/bulk-memory.ts';
import { BLOCK_BYTES, readBlocks, WORTH_BYTES, writeBlocks } from '../../../../main/engine/store/direct-files.ts';
import { readWhole, writeDurably } from '../../../../main/engine/store/local-files.ts';
import { mountSmallDisk } from '../../../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

/** ext4, XFS, Btrfs: where bulk data goes past the cache. On others these tests hold the ordinary way to the same. */
const DIRECT_TYPES = [0xef53, 0x58465342, 0x9123683e];

let folder: TemporaryFolder;
let path: string;
let goesDirect: boolean;
beforeEach(async () => {
  folder = await temporaryFolder('direct-files');
  path = join(folder.path, 'file');
  goesDirect = DIRECT_TYPES.includes((await statfs(folder.path)).type);
});
afterEach(() => folder.remove());

function bulk(content: Uint8Array, from = 0): Uint8Array {
  const bytes = Buffer.from(bulkMemory(from + content.length)).subarray(from, from + content.length);
  bytes.set(content);
  return bytes;
}

const roomFor = (length: number): Uint8Array => new Uint8Array(bulkMemory(length + 2 * BLOCK_BYTES));

describe('writing blocks', () => {
  it('writes the whole blocks at the beginning, and nothing beside them', async () => {
    const before = randomBytes(4_000_000);
    const content = randomBytes(2_500_001);
    await writeFile(path, before);
    const position = 7 * BLOCK_BYTES;
    const written = await writeBlocks(path, bulk(content), position);
    if (goesDirect) expect(written).toBe(content.length - (content.length % BLOCK_BYTES));
    content.subarray(0, written).copy(before, position);
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it.each([
    ['too little to be worth it', () => bulk(randomBytes(WORTH_BYTES - 1))],
    ['memory that does not begin at a page', () => randomBytes(2 * WORTH_BYTES)],
    ['a part of bulk memory that does not begin at a block', () => bulk(randomBytes(2 * WORTH_BYTES), 512)],
  ])('leaves to the caller: %s', async (_, make) => {
    await writeFile(path, 'as it was');
    expect(await writeBlocks(path, make())).toBe(0);
    expect(await readFile(path, 'utf8')).toBe('as it was');
  });

  it('follows no link, and leaves it to the caller to say so', async () => {
    await writeFile(path, 'as it was');
    await symlink(path, `${path} link`);
    expect(await writeBlocks(`${path} link`, bulk(randomBytes(2 * WORTH_BYTES)))).toBe(0);
    expect(await writeBlocks(`${path} that is missing`, bulk(randomBytes(2 * WORTH_BYTES)))).toBe(0);
    expect(await readFile(path, 'utf8')).toBe('as it was');
  });

  it('takes the ordinary way on a file system on which the other was never tried', async ({ skip }) => {
    const disk = await mountSmallDisk(join(folder.path, 'disk'), '16m');
    if ('reason' in disk) return skip(disk.reason);
    try {
      const file = join(disk.path, 'file');
      const content = randomBytes(3_000_001);
      await writeDurably(file, bulk(content));
      expect(await writeBlocks(file, bulk(content))).toBe(0);
      const part = { offset: 5, length: 2 * WORTH_BYTES };
      expect(await readBlocks(file, part, roomFor(part.length))).toBeUndefined();
      expect((await readFile(file)).equals(content)).toBe(true);
    } finally {
      await disk.unmount();
    }
  });
});

describe('reading blocks', () => {
  it('gives any part, up to the end of the file', async () => {
    const content = randomBytes(6_000_123);
    await writeFile(path, content);
    for (const part of [
      { offset: 0, length: WORTH_BYTES },
      { offset: BLOCK_BYTES - 1, length: WORTH_BYTES + 2 },
      { offset: content.length - WORTH_BYTES, length: WORTH_BYTES },
      { offset: 0, length: content.length },
    ]) {
      const bytes = await readBlocks(path, part, roomFor(part.length));
      if (goesDirect) expect(bytes).toBeDefined();
      if (bytes)
        expect(Buffer.from(content).compare(bytes, 0, part.length, part.offset, part.offset + part.length)).toBe(0);
    }
  });

  it.each([
    ['a part that goes beyond the end', 3_000_000, 1_200_000, 3_000_000],
    ['a part that begins behind the end', 9_000_000, 1_200_000, 3_000_000],
    ['a part for which the room is too small', 0, 2_000_000, 1_900_000],
    ['a small part', 0, WORTH_BYTES - 1, 3_000_000],
  ])('leaves to the caller: %s', async (_, offset, length, room) => {
    await writeFile(path, randomBytes(3_500_000));
    expect(await readBlocks(path, { offset, length }, new Uint8Array(bulkMemory(room)))).toBeUndefined();
  });

  it('leaves a missing file to the caller', async () => {
    const part = { offset: 0, length: WORTH_BYTES };
    expect(await readBlocks(path, part, roomFor(part.length))).toBeUndefined();
    await expect(readWhole(path, { ...part, room: roomFor(part.length) })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

it('what was written is what is read, whatever the sizes', async () => {
  for (let round = 0; round < 12; round++) {
    const content = randomBytes(round % 3 === 0 ? randomInt(3 * BLOCK_BYTES) : randomInt(WORTH_BYTES, 5_000_000));
    const file = `${path} ${round}`;
    await writeDurably(file, bulk(content));
    expect((await readFile(file)).equals(content), `${content.length} bytes`).toBe(true);
    const offset = randomInt(content.length + 1);
    const length = randomInt(content.length - offset + 1);
    const bytes = await readWhole(file, { offset, length, room: roomFor(length) });
    expect(Buffer.compare(bytes, content.subarray(offset, offset + length)), `${length} from ${offset}`).toBe(0);
    const beyond = { offset, length: content.length - offset + 1, room: roomFor(content.length) };
    await expect(readWhole(file, beyond)).rejects.toMatchObject({
      code: 'store/corrupt',
      data: { wanted: beyond.length, got: content.length - offset },
    });
  }
});
