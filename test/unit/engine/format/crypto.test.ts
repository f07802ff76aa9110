import { createCipheriv, randomBytes } from 'node:crypto';
import sodium from 'libsodium-wrappers-sumo';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Key, open, openInPlace, SEAL_OVERHEAD, seal, sealInto } from '../../../../main/engine/format/crypto.ts';
import { counting, hex, text, toHex } from '../../../support/bytes.ts';

const key: Key = { encrypt: counting(0, 32), macK: counting(0x20, 16), macR: counting(0x30, 16) };
const iv = counting(0xa0, 16);

beforeAll(() => sodium.ready);

describe('sealing', () => {
  it('gives the bytes of the format page', () => {
    expect(toHex(seal(key, iv, text('hello restic')))).toBe(
      'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb4fa6d9119980e687c3f81e66994fe8e685247f3f48b4177226d5105',
    );
    expect(toHex(seal(key, iv, new Uint8Array()))).toBe(
      'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf8aef4b6f9c4c0ad05bbaa8bbc43c8d7f',
    );
  });

  it.each([0, 1, 15, 16, 17, 1000, 16_383, 16_384, 16_385, 2_500_000])('encrypts %i bytes as AES-256-CTR does', (n) => {
    for (const first of [hex('ff'.repeat(16)), hex('00000000ffffffffffffffffffffffff'), randomBytes(16)]) {
      const plain = randomBytes(n);
      const sealed = seal(key, first, plain);
      const expected = createCipheriv('aes-256-ctr', key.encrypt, first).update(plain);
      expect(Buffer.compare(sealed.subarray(16, 16 + n), expected)).toBe(0);
      expect(Buffer.compare(open(key, sealed), plain)).toBe(0);
    }
  });

  it('computes the MAC of large messages in parts as in one go', () => {
    const plain = randomBytes(3_000_001);
    const sealed = seal(key, iv, plain);
    const s = createCipheriv('aes-128-ecb', key.macK, null).update(iv);
    const r = hex('303132033435360738393a0b3c3d3e0f');
    const mac = sodium.crypto_onetimeauth(sealed.subarray(16, -16), Buffer.concat([r, s]));
    expect(toHex(sealed.subarray(-16))).toBe(toHex(mac));
  });

  it('writes into a given place and nothing beside it', () => {
    const target = new Uint8Array(100).fill(7);
    const plain = counting(1, 20);
    expect(sealInto(key, iv, plain, target, 10)).toBe(20 + SEAL_OVERHEAD);
    expect(toHex(target.subarray(10, 62))).toBe(toHex(seal(key, iv, plain)));
    expect(target.subarray(0, 10).every((byte) => byte === 7)).toBe(true);
    expect(target.subarray(62).every((byte) => byte === 7)).toBe(true);
    expect(() => sealInto(key, iv, plain, target, 60)).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  it('refuses an IV of zeros, which restic refuses to read', () => {
    expect(() => seal(key, new Uint8Array(16), plainOf(3))).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});

describe('opening', () => {
  it('notices every flipped bit', () => {
    const sealed = seal(key, iv, text('hello restic'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Uint8Array.from(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => open(key, damaged)).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
    }
  });

  it.each([0, 1, 31])('refuses %i bytes as too short', (length) => {
    expect(() => open(key, new Uint8Array(length).fill(1))).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
  });

  it('refuses another key', () => {
    const other: Key = { ...key, macK: counting(0x21, 16) };
    expect(() => open(other, seal(key, iv, plainOf(40)))).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
  });
});

/** RFC 8439, section 2.5.2: what we call Poly1305 is it. */
describe('opening in place', () => {
  it.each([0, 1, 15, 16, 17, 1000, 16_383, 16_384, 16_385, 2_500_000])('puts %i bytes where they were sealed', (n) => {
    const plain = randomBytes(n);
    const around = randomBytes(n + SEAL_OVERHEAD + 20);
    const before = Buffer.from(around);
    around.set(seal(key, randomBytes(16), plain), 10);
    const opened = openInPlace(key, around.subarray(10, -10));
    expect(Buffer.compare(opened, plain)).toBe(0);
    expect(opened.buffer).toBe(around.buffer);
    expect(around.subarray(0, 10).equals(before.subarray(0, 10))).toBe(true);
    expect(around.subarray(-10).equals(before.subarray(-10))).toBe(true);
  });

  it('leaves what does not pass as it was', () => {
    const sealed = Buffer.from(seal(key, iv, randomBytes(50_000)));
    sealed[20_000] = (sealed[20_000] ?? 0) ^ 1;
    const before = Buffer.from(sealed);
    expect(() => openInPlace(key, sealed)).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
    expect(sealed.equals(before)).toBe(true);
  });
});

function plainOf(length: number): Uint8Array {
  return counting(1, length);
}
