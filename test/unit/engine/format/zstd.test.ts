import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compress, compressForNow, decompress, decompressForNow } from '../../../../main/engine/format/zstd.ts';
import { ZstdContext } from '../../../../main/engine/format/zstd-context.ts';

const LENGTHS = [0, 1, 5, 100, 1000, 131_072, 131_073, 300_000, 5_000_000, 12 << 20];
const CONTENTS = {
  random: (length: number) => randomBytes(length),
  zeros: (length: number) => Buffer.alloc(length),
  text: (length: number) => Buffer.alloc(length, 'the quick brown fox jumps over the lazy dog '),
};

describe.each(Object.entries(CONTENTS))('zstd with a kept context, %s', (_, make) => {
  it.each(LENGTHS)('makes the frame that Node makes in its documented way, and opens it: %i bytes', (length) => {
    const plain = make(length);
    const frame = compress(plain, 2);
    expect(Buffer.compare(frame, zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 2 } }))).toBe(
      0,
    );
    expect(Buffer.compare(zstdDecompressSync(frame), plain)).toBe(0);
    expect(Buffer.compare(decompress(frame, length), plain)).toBe(0);
    expect(Buffer.compare(decompressForNow(frame, length), plain)).toBe(0);
  });

  it.each(LENGTHS)('names damage, and the next frame is opened as ever: %i bytes', (length) => {
    const plain = make(length);
    const frame = compress(plain, 2);
    for (const cut of [1, 4, 9]) {
      expect(() => decompressForNow(frame.subarray(0, -cut), length)).toThrow(
        expect.objectContaining({ code: 'repo/damaged' }),
      );
      expect(() => decompress(frame.subarray(0, -cut), length)).toThrow(
        expect.objectContaining({ code: 'repo/damaged' }),
      );
    }
    expect(() => decompress(frame, length + 1)).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
    if (length > 0) {
      expect(() => decompress(frame, length - 1)).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
    }
    expect(Buffer.compare(decompress(frame, length), plain)).toBe(0);
  });
});

describe('a zstd context', () => {
  it('keeps frames apart: what one call gave is not changed by the next', () => {
    const first = compress(Buffer.from('one'), 2);
    const copy = Buffer.from(first);
    compressForNow(Buffer.from('two'), 2);
    expect(Buffer.compare(first, copy)).toBe(0);
  });

  it('is really in use with this Node: without it a small blob costs ten times as much', () => {
    const plain = Buffer.from('some words');
    const output = Buffer.alloc(1000);
    const length = ZstdContext.compressor(2).run(plain, output);
    expect(length).toBeGreaterThan(0);
    const opened = Buffer.alloc(plain.length);
    expect(ZstdContext.decompressor().run(output.subarray(0, length), opened)).toBe(plain.length);
    expect(opened.equals(plain)).toBe(true);
  });

  it('gives nothing for half a frame and for rubbish, and works again with the next', () => {
    const plain = randomBytes(5000);
    const frame = compress(plain, 3);
    const context = ZstdContext.decompressor();
    const output = Buffer.alloc(plain.length);
    expect(context.run(randomBytes(100), output)).toBeUndefined();
    expect(context.run(frame.subarray(0, 2000), output)).toBeUndefined();
    expect(context.run(randomBytes(100), output)).toBeUndefined();
    expect(context.run(frame, output)).toBe(plain.length);
    expect(output.equals(plain)).toBe(true);
  });
});
