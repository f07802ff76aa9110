import { randomFillSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Key, open, SEAL_OVERHEAD, seal } from '../../../../main/engine/format/crypto.ts';
import { Sealer } from '../../../../main/engine/format/sealer.ts';
import { counting, toHex } from '../../../support/bytes.ts';

const key: Key = { encrypt: counting(0, 32), macK: counting(0x20, 16), macR: counting(0x30, 16) };
/** Around the size of the prepared keystream and of its blocks. */
const SIZES = [0, 1, 15, 16, 17, 1000, 2047, 2048, 2049, 5000, 100_000];

it('seals as the sealing of one message does, each under an IV of its own', () => {
  const sealer = new Sealer(key, randomFillSync);
  const seen = new Set<string>();
  for (let n = 0; n < 100; n++) {
    const plain = randomFillSync(new Uint8Array(SIZES[n % SIZES.length] ?? 0));
    const target = new Uint8Array(plain.length + SEAL_OVERHEAD + 20).fill(7);
    expect(sealer.sealInto(plain, target, 10)).toBe(plain.length + SEAL_OVERHEAD);
    const sealed = target.subarray(10, -10);
    const iv = sealed.slice(0, 16);
    expect(Buffer.compare(sealed, seal(key, iv, plain))).toBe(0);
    expect(Buffer.compare(open(key, sealed), plain)).toBe(0);
    expect([...target.subarray(0, 10), ...target.subarray(-10)]).toEqual(new Array(20).fill(7));
    seen.add(toHex(iv));
  }
  expect(seen.size).toBe(100);
});

it('carries through all bytes of the counter', () => {
  const sealer = new Sealer(key, (bytes) => bytes.fill(0xff));
  const plain = counting(1, 100);
  const target = new Uint8Array(plain.length + SEAL_OVERHEAD);
  sealer.sealInto(plain, target, 0);
  expect(toHex(target)).toBe(toHex(seal(key, new Uint8Array(16).fill(0xff), plain)));
});

it('refuses an IV of zeros and a place without room', () => {
  const internal = expect.objectContaining({ code: 'internal' });
  const target = new Uint8Array(100);
  expect(() => new Sealer(key, () => undefined).sealInto(counting(1, 3), target, 0)).toThrow(internal);
  expect(() => new Sealer(key, randomFillSync).sealInto(counting(1, 50), target, 20)).toThrow(internal);
});
