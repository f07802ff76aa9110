import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MIN_CHUNK } from '../../../../main/engine/chunker/limits.ts';
import { hashOfChunk } from '../../../../main/engine/workers/chunk-hash.ts';

const zeros = (bytes: number) => new Uint8Array(bytes);

function withByte(position: number): Uint8Array {
  const bytes = zeros(MIN_CHUNK);
  bytes[position] = 1;
  return bytes;
}

describe('the hash of a chunk', () => {
  it.each([
    ['a hole', zeros(MIN_CHUNK)],
    ['another hole', zeros(MIN_CHUNK)],
    ['part of a hole', zeros(MIN_CHUNK - 1)],
    ['more than a hole', zeros(MIN_CHUNK + 1)],
    ['no byte', zeros(0)],
    ['zeros and a byte in front', withByte(0)],
    ['zeros and a byte in the middle', withByte(300_000)],
    ['zeros and a byte at the end', withByte(MIN_CHUNK - 1)],
    ['a hole that begins within other memory', new Uint8Array(zeros(2 * MIN_CHUNK).buffer, 4097, MIN_CHUNK)],
  ])('is its SHA-256: %s', (_, bytes) => {
    expect(Buffer.from(hashOfChunk(bytes), 'binary')).toEqual(createHash('sha256').update(bytes).digest());
  });
});
