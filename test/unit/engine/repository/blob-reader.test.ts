import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Key, openInPlace, seal } from '../../../../main/engine/format/crypto.ts';
import { compress } from '../../../../main/engine/format/zstd.ts';
import type { BlobId } from '../../../../main/engine/ids.ts';
import { openBlob, openBlobInto, plainForNow } from '../../../../main/engine/repository/blob-reader.ts';
import { bulkMemory } from '../../../../main/engine/store/bulk-memory.ts';

const key: Key = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
const SENTINEL = 0xa5;
const BEFORE = 4096;

const idOf = (plain: Uint8Array): BlobId => createHash('sha256').update(plain).digest('hex') as BlobId;
const sealed = (stored: Uint8Array): Uint8Array => seal(key, randomBytes(16), stored);

/** Shared memory full of one value, and the room for `length` bytes in the middle of it. */
function roomOf(length: number) {
  const all = Buffer.from(bulkMemory(BEFORE + length + 300_000)).fill(SENTINEL);
  const isUntouched = (): boolean =>
    all.subarray(0, BEFORE).every((byte) => byte === SENTINEL) &&
    all.subarray(BEFORE + length).equals(Buffer.alloc(all.length - BEFORE - length, SENTINEL));
  return { room: all.subarray(BEFORE, BEFORE + length), isUntouched };
}

const text = (bytes: number): Buffer =>
  Buffer.from(randomBytes(Math.ceil(bytes / 2)).toString('hex')).subarray(0, bytes);

it.each([1, 15, 16, 17, 16_384, 16_385, 131_072, 131_073, 1_000_000, 4 * 1024 * 1024])(
  'opens %i bytes in place, raw and compressed, and touches nothing beside the room',
  (length) => {
    for (const plain of [text(length), Buffer.alloc(length)]) {
      for (const uncompressedLength of [0, length]) {
        const stored = uncompressedLength === 0 ? plain : compress(plain);
        const { room, isUntouched } = roomOf(length);
        const opened = openBlobInto({ key }, sealed(stored), { uncompressedLength }, idOf(plain), room);
        expect(plain.equals(opened)).toBe(true);
        expect(room.equals(plain)).toBe(true);
        expect(isUntouched()).toBe(true);
      }
    }
  },
);

it.each([1, 17, 1000, 65_536, 131_072])(
  'a length that is wrong by %i is damage, and stays within the room',
  (wrong) => {
    const plain = text(500_000);
    const id = idOf(plain);
    const frame = compress(plain);
    for (const uncompressedLength of [plain.length - wrong, plain.length + wrong]) {
      const place = { uncompressedLength };
      const { room, isUntouched } = roomOf(uncompressedLength);
      const damaged = expect.objectContaining({ code: 'repo/damaged' });
      expect(() => openBlobInto({ key }, sealed(frame), place, id, room)).toThrow(damaged);
      expect(isUntouched()).toBe(true);
      expect(() => plainForNow(openInPlace(key, sealed(frame)), place, id)).toThrow(damaged);
      expect(() => openBlob({ key }, sealed(frame), place, id)).toThrow(damaged);
      // Nothing of it stays behind: the next one is good.
      const next = roomOf(plain.length);
      openBlobInto({ key }, sealed(frame), { uncompressedLength: plain.length }, id, next.room);
      expect(next.room.equals(plain)).toBe(true);
    }
  },
);

it('what is raw and taken for compressed, and the other way round, is damage', () => {
  const plain = text(300_000);
  const id = idOf(plain);
  const frame = compress(plain);
  const damaged = expect.objectContaining({ code: 'repo/damaged' });
  const raw = roomOf(frame.length);
  expect(() => openBlobInto({ key }, sealed(frame), { uncompressedLength: 0 }, id, raw.room)).toThrow(damaged);
  expect(raw.isUntouched()).toBe(true);
  const other = roomOf(plain.length);
  const place = { uncompressedLength: plain.length };
  expect(() => openBlobInto({ key }, sealed(plain), place, id, other.room)).toThrow(damaged);
  expect(other.isUntouched()).toBe(true);
});

it('a message that does not fit into the room is refused before anything is written', () => {
  const plain = text(100_000);
  for (const [stored, uncompressedLength] of [
    [plain, 0],
    [compress(plain), plain.length],
  ] as const) {
    const { room, isUntouched } = roomOf(plain.length - 1);
    const work = () => openBlobInto({ key }, sealed(stored), { uncompressedLength }, idOf(plain), room);
    expect(work).toThrow(expect.objectContaining({ code: 'internal' }));
    expect(isUntouched()).toBe(true);
    expect(room.every((byte) => byte === SENTINEL)).toBe(true);
  }
});
