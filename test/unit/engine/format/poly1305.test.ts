import fc from 'fast-check';
import sodium from 'libsodium-wrappers-sumo';
import { beforeAll, describe, expect, it } from 'vitest';
import { beginMac, endMac, poly1305, updateMac } from '../../../../main/engine/format/poly1305.ts';
import { hex, text, toHex } from '../../../support/bytes.ts';

beforeAll(() => sodium.ready);

const zeros = (count: number): string => '00'.repeat(count);
const ones = (count: number): string => 'ff'.repeat(count);

describe('Poly1305', () => {
  it('gives the tag of RFC 8439, section 2.5.2', () => {
    const key = hex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b');
    expect(toHex(poly1305(key, text('Cryptographic Forum Research Group')))).toBe('a8061dc1305136c6c22b8baf0c0127a9');
  });

  // RFC 8439, appendix A.3, from number 7 on: sums that run over 2^130 - 5, 2^128 and 2^130.
  it.each([
    [`02${zeros(15)}`, zeros(16), ones(16), `03${zeros(15)}`],
    [`02${zeros(15)}`, ones(16), `02${zeros(15)}`, `03${zeros(15)}`],
    [`01${zeros(15)}`, zeros(16), `${ones(16)}f0${ones(15)}11${zeros(15)}`, `05${zeros(15)}`],
    [`01${zeros(15)}`, zeros(16), `${ones(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`, zeros(16)],
    [`02${zeros(15)}`, zeros(16), `fd${ones(15)}`, `fa${ones(15)}`],
    [
      `01${zeros(7)}04${zeros(7)}`,
      zeros(16),
      `e33594d7505e43b9${zeros(8)}3394d7505e4379cd01${zeros(7)}${zeros(16)}01${zeros(15)}`,
      `14${zeros(7)}55${zeros(7)}`,
    ],
    [
      `01${zeros(7)}04${zeros(7)}`,
      zeros(16),
      `e33594d7505e43b9${zeros(8)}3394d7505e4379cd01${zeros(7)}${zeros(16)}`,
      `13${zeros(15)}`,
    ],
  ])('carries as it must: r %s', (r, s, message, tag) => {
    expect(toHex(poly1305(hex(r + s), hex(message)))).toBe(tag);
  });

  it('gives what libsodium gives, for keys and messages of many ones, of many zeros, and any', () => {
    const byte = fc.oneof(fc.constant(0xff), fc.constant(0), fc.nat(255));
    const bytes = (size: object) =>
      fc
        .uint8Array(size)
        .chain((any) =>
          fc
            .tuple(fc.constant(any), byte, fc.boolean())
            .map(([all, fill, isFilled]) => (isFilled ? all.fill(fill) : all)),
        );
    fc.assert(
      fc.property(bytes({ minLength: 32, maxLength: 32 }), bytes({ maxLength: 400 }), (key, message) => {
        expect(toHex(poly1305(key, message))).toBe(toHex(sodium.crypto_onetimeauth(message, key)));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([131_071, 131_072, 131_073, 400_001])('takes a message of %i bytes, whole or in parts', (length) => {
    const key = new Uint8Array(32).fill(0x5a);
    const message = new Uint8Array(length).map((_, i) => i * 7 + (i >> 8));
    const expected = toHex(sodium.crypto_onetimeauth(message, key));
    expect(toHex(poly1305(key, message))).toBe(expected);
    beginMac(key);
    for (let at = 0; at < length; at += 65_552) updateMac(message.subarray(at, at + 65_552));
    expect(toHex(endMac())).toBe(expected);
  });

  it('refuses to go on after a part that ended within a block, and a key of another length', () => {
    beginMac(new Uint8Array(32));
    updateMac(new Uint8Array(17));
    expect(() => updateMac(new Uint8Array(16))).toThrow(expect.objectContaining({ code: 'internal' }));
    expect(() => poly1305(new Uint8Array(31), new Uint8Array())).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});
