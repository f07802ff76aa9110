import { createCipheriv, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chunkBoundaries, createChunker, MAX_CHUNK, MIN_CHUNK } from '../../../../main/engine/chunker/chunker.ts';

const POLYNOMIAL = 0x3da3358b4dc173n;
const MIB = 1024 * 1024;
/** The data of the format page, section 18. */
const keystream = createCipheriv('aes-256-ctr', new Uint8Array(32), new Uint8Array(16)).update(
  new Uint8Array(16 * MIB),
);

describe('the chunker', () => {
  it('cuts where restic cuts', () => {
    expect(keystream.toString('hex', 0, 8)).toBe('dc95c078a2408989');
    expect(chunkBoundaries(POLYNOMIAL, keystream)).toEqual([
      551133, 1191845, 3958427, 4857010, 7639742, 9903092, 10434707, 11625905, 14665632, 16777216,
    ]);
    expect(createHash('sha256').update(keystream.subarray(0, 551133)).digest('hex')).toMatch(/^3ce030d97b29f48d/);
  });

  it('makes one chunk of a small file and none of an empty one', () => {
    expect(chunkBoundaries(POLYNOMIAL, new Uint8Array())).toEqual([]);
    for (const length of [1, 63, 64, 65, MIN_CHUNK - 1]) {
      expect(chunkBoundaries(POLYNOMIAL, keystream.subarray(0, length))).toEqual([length]);
    }
  });

  it('ends a chunk at the maximum when nothing else ends it', () => {
    // Bytes of one value hash to one digest for all positions: either it cuts everywhere or nowhere.
    expect(chunkBoundaries(POLYNOMIAL, new Uint8Array(20 * MIB).fill(1))).toEqual([MAX_CHUNK, 2 * MAX_CHUNK, 20 * MIB]);
    expect(chunkBoundaries(POLYNOMIAL, new Uint8Array(MIB + 1))).toEqual([MIN_CHUNK, MIB, MIB + 1]);
  });

  it('asks for more bytes until it can decide, and does not look twice', () => {
    const chunker = createChunker(POLYNOMIAL, 4 * MIB);
    chunker.memory.set(keystream.subarray(1191845, 1191845 + 4 * MIB));
    const end = 3958427 - 1191845;
    expect(chunker.nextCut(0, 1000, false)).toBe(-1);
    expect(chunker.nextCut(0, MIN_CHUNK, false)).toBe(-1);
    expect(chunker.nextCut(0, MIB, false, MIN_CHUNK)).toBe(-1);
    expect(chunker.nextCut(0, end - 1, false, MIB)).toBe(-1);
    expect(chunker.nextCut(0, end, false, end - 1)).toBe(end);
    expect(chunker.nextCut(0, 4 * MIB, false, MIB)).toBe(end);
    // What was looked at is not looked at again, even if it holds a cut.
    expect(chunker.nextCut(0, end + 100, true, end)).toBe(end + 100);
  });

  it('works anywhere in its memory', () => {
    const chunker = createChunker(POLYNOMIAL, 3 * MIB);
    for (const at of [0, 1, 4097, 2 * MIB]) {
      chunker.memory.set(keystream.subarray(0, 600_000), at);
      expect(chunker.nextCut(at, at + 600_000, false)).toBe(at + 551133);
    }
  });
});
