import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { decompress } from '../../../../main/engine/format/zstd.ts';
import { ZstdContext } from '../../../../main/engine/format/zstd-context.ts';
import { ZstdFrame } from '../../../../main/engine/format/zstd-frame.ts';

const TEXT = Buffer.alloc(3_000_000, 'the quick brown fox jumps over the lazy dog ');
const CONTENTS = {
  nothing: Buffer.alloc(0),
  'a few words': Buffer.from('a few words'),
  'what does not compress': randomBytes(3_000_000),
  text: TEXT,
  both: Buffer.concat([TEXT, randomBytes(1_000_000), TEXT]),
};

/** Cuts it into parts of these lengths, again and again. */
function* partsOf(content: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, n = 0; at < content.length; n++) {
    const length = lengths[n % lengths.length] ?? 1;
    yield content.subarray(at, at + length);
    at += length;
  }
}

function frameOf(content: Buffer, lengths: readonly number[], frame = new ZstdFrame(2)): Uint8Array {
  for (const part of partsOf(content, lengths)) {
    const passing = Buffer.from(part);
    frame.add(passing);
    passing.fill('#');
  }
  return frame.finish();
}

describe.each(Object.entries(CONTENTS))('a frame made in parts, of %s', (_, content) => {
  it.each([[[64 * 1024]], [[5_000_000]], [[700_001, 1, 131_072]]])('is one frame with all of it: %j', (lengths) => {
    const frame = frameOf(content, lengths);
    expect(Buffer.compare(zstdDecompressSync(frame), content)).toBe(0);
    if (content.length > 0) expect(Buffer.compare(decompress(frame, content.length), content)).toBe(0);
    if (content === TEXT) expect(frame.length).toBeLessThan(content.length / 100);
  });
});

it('is made at the end where this Node has no way to do it in parts', () => {
  const context = ZstdContext.compressor(2);
  vi.spyOn(context, 'worksInParts', 'get').mockReturnValue(false);
  expect(Buffer.compare(zstdDecompressSync(frameOf(TEXT, [64 * 1024], new ZstdFrame(2, context))), TEXT)).toBe(0);
});

it('never gives a frame that lacks something', () => {
  const context = ZstdContext.compressor(2);
  vi.spyOn(context, 'part').mockReturnValueOnce(10).mockReturnValueOnce(undefined);
  const frame = new ZstdFrame(2, context);
  frame.add(TEXT);
  expect(() => frame.add(TEXT)).toThrow(expect.objectContaining({ code: 'internal' }));
});
