import { randomFillSync, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Key, SEAL_OVERHEAD, seal } from '../../../../main/engine/format/crypto.ts';
import { Opener } from '../../../../main/engine/format/opener.ts';
import { counting } from '../../../support/bytes.ts';

const key: Key = { encrypt: counting(0, 32), macK: counting(0x20, 16), macR: counting(0x30, 16) };
/** Around the size up to which messages are prepared for together, and of blocks. */
const SIZES = [0, 1, 15, 16, 17, 1000, 2047, 4095, 4096, 4097, 20_000];
const damaged = expect.objectContaining({ code: 'repo/damaged' });

/** Messages beside each other, with gaps, in memory of its own or in shared memory. */
function laidOut(plains: readonly Uint8Array[], memory: 'own' | 'shared') {
  const sealed = plains.map((plain) => seal(key, randomFillSync(new Uint8Array(16)), plain));
  const starts: number[] = [];
  let end = randomInt(9);
  for (const { length } of sealed) {
    starts.push(end);
    end += length + randomInt(9);
  }
  const bytes = new Uint8Array(memory === 'own' ? new ArrayBuffer(end) : new SharedArrayBuffer(end));
  for (const [n, message] of sealed.entries()) bytes.set(message, starts[n]);
  const lengths = Uint32Array.from(sealed, ({ length }) => length);
  return { bytes, starts: Uint32Array.from(starts), lengths };
}

const some = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, n) => randomFillSync(new Uint8Array(SIZES[n % SIZES.length] ?? 0)));

describe('the opening of many messages', () => {
  it.each(['own', 'shared'] as const)('gives what was sealed, in %s memory, whichever are left out', (memory) => {
    const opener = new Opener(key);
    for (let round = 0; round < 20; round++) {
      const plains = some(100);
      const { bytes, starts, lengths } = laidOut(plains, memory);
      opener.begin(bytes, starts, lengths);
      for (const [position, plain] of plains.entries()) {
        if (randomInt(6) > 0) expect(Buffer.compare(opener.openInPlace(position), plain)).toBe(0);
      }
    }
  });

  it('takes one after the other anew when it begins with others', () => {
    const opener = new Opener(key);
    for (const plains of [some(3), some(40), some(2)]) {
      const { bytes, starts, lengths } = laidOut(plains, 'own');
      opener.begin(bytes, starts, lengths);
      expect(Buffer.compare(opener.openInPlace(1), plains[1] as Uint8Array)).toBe(0);
    }
  });

  it('refuses each one that was changed, and only that', () => {
    const plains = some(22);
    for (let n = 0; n < 100; n++) {
      const { bytes, starts, lengths } = laidOut(plains, 'own');
      const struck = randomInt(plains.length);
      const at = (starts[struck] ?? 0) + randomInt(lengths[struck] ?? 1);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(8));
      const opener = new Opener(key);
      opener.begin(bytes, starts, lengths);
      for (const [position, plain] of plains.entries()) {
        if (position === struck) expect(() => opener.openInPlace(position)).toThrow(damaged);
        else expect(Buffer.compare(opener.openInPlace(position), plain)).toBe(0);
      }
    }
  });

  it('refuses what is no message: too short, beyond the end, under an IV of zeros', () => {
    const { bytes } = laidOut([counting(1, 100)], 'own');
    const opener = new Opener(key);
    const zeros = new Uint8Array(200);
    const cases: readonly (readonly [Uint8Array, number, number])[] = [
      [bytes, 0, SEAL_OVERHEAD - 1],
      [bytes, 0, 0],
      [bytes, bytes.length - 10, 100],
      [bytes, 2 ** 32 - 1, 2 ** 32 - 1],
      [zeros, 0, 100],
    ];
    for (const [from, start, length] of cases) {
      opener.begin(from, Uint32Array.of(start), Uint32Array.of(length));
      expect(() => opener.openInPlace(0)).toThrow(damaged);
    }
  });
});
