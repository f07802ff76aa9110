import fc from 'fast-check';
import sodium from 'libsodium-wrappers-sumo';
import { beforeAll, describe, expect, it } from 'vitest';
import { beginMac, endMac, poly1305, updateMac } from '../../../../main/engine/format/poly1305.ts';
import { hex, text, toHex } from '../../../support/bytes.ts';

beforeAll(() => sodium.ready);

const zeros = (count: number): string => '00'.repeat(count);
const ones = (count: number): string => 'ff'.repeat(count);

const SUBMISSION =
  'Any submission to the IETF intended by the Contributor for publication as all or part of an IETF Internet-Draft or RFC ' +
  'and any statement made within the context of an IETF activity is considered an "IETF Contribution". Such statements ' +
  'include oral statements in IETF sessions, as well as written and electronic communications made at any time or place, ' +
  'which are addressed to';
const BRILLIG =
  "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\nAll mimsy were the borogoves,\n" +
  'And the mome raths outgrabe.';

/** Many messages in a test: `expect` for each would take longer than the messages. */
function agree(key: Uint8Array, message: Uint8Array, which: string): void {
  if (toHex(poly1305(key, message)) !== toHex(sodium.crypto_onetimeauth(message, key))) expect.fail(which);
}

/** 32 bytes `r || s` with this `r`, and an `s` that shows carries too. */
const keyOf = (r: string): Uint8Array<ArrayBuffer> => hex(`${r}${ones(16)}`);
const KEYS = {
  'the largest r': keyOf(ones(16)),
  'the least r': keyOf(`01${zeros(15)}`),
  'an r with its highest bit': keyOf(`${zeros(15)}0f`),
  'any r': keyOf('0123456789abcd0efedcba9876543201'),
};

describe('Poly1305', () => {
  it('gives the tag of RFC 8439, section 2.5.2', () => {
    const key = hex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b');
    expect(toHex(poly1305(key, text('Cryptographic Forum Research Group')))).toBe('a8061dc1305136c6c22b8baf0c0127a9');
  });

  // RFC 8439, appendix A.3, numbers 2 to 4.
  it.each([
    [zeros(16), '36e5f6b5c5e06070f0efca96227a863e', SUBMISSION, '36e5f6b5c5e06070f0efca96227a863e'],
    ['36e5f6b5c5e06070f0efca96227a863e', zeros(16), SUBMISSION, 'f3477e7cd95417af89a6b8794c310cf0'],
    [
      '1c9240a5eb55d38af333888604f6b5f0',
      '473917c1402b80099dca5cbc207075c0',
      BRILLIG,
      '4541669a7eaaee61e708dc7cbcc5eb62',
    ],
  ])('gives the tag of a text: r %s', (r, s, message, tag) => {
    expect(toHex(poly1305(hex(r + s), text(message)))).toBe(tag);
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

  it.each(Object.entries(KEYS))('takes messages of every length, of ones and of anything: %s', (_, key) => {
    const full = new Uint8Array(600).fill(0xff);
    const any = full.map((_, i) => i * 167 + (i >> 3));
    for (const message of [full, any]) {
      for (let length = 0; length <= message.length; length++) {
        agree(key, message.subarray(0, length), `${length} bytes`);
      }
    }
  });

  it.each(Object.entries(KEYS))('takes parts cut at every block: %s', (_, key) => {
    const message = new Uint8Array(330).map((_, i) => 255 - (i % 7));
    const expected = toHex(sodium.crypto_onetimeauth(message, key));
    for (let first = 0; first <= 320; first += 16) {
      for (let second = first; second <= 320; second += 16) {
        beginMac(key);
        updateMac(message.subarray(0, first));
        updateMac(message.subarray(first, second));
        updateMac(message.subarray(second));
        if (toHex(endMac()) !== expected) expect.fail(`cut at ${first} and ${second}`);
      }
    }
  });

  // With r = 1 the blocks are added up: sums a little below and above multiples of 2^130 - 5, from any number of blocks.
  it('brings sums around 2^130 - 5 into range', () => {
    const key = KEYS['the least r'];
    const prime = 2n ** 130n - 5n;
    const largest = 2n ** 128n - 1n;
    for (let blocks = 4; blocks <= 40; blocks++) {
      const added = BigInt(blocks) * 2n ** 128n;
      const multiple = (added + BigInt(blocks) * largest) / prime;
      for (let offset = -9n; offset <= 9n; offset++) {
        let sum = multiple * prime + offset - added;
        const message = new Uint8Array(blocks * 16);
        for (let block = 0; block < blocks; block++) {
          const value = sum > largest ? largest : sum;
          sum -= value;
          for (let i = 0; i < 16; i++) message[block * 16 + i] = Number((value >> BigInt(8 * i)) & 255n);
        }
        // What is left is more than so many blocks can hold.
        if (sum === 0n) agree(key, message, `${blocks} blocks, ${offset}`);
      }
    }
  });

  it('keeps nothing of the key before, however little another one differs', () => {
    const message = new Uint8Array(400).fill(0xff);
    const key = KEYS['any r'];
    for (let bit = 0; bit < 256; bit++) {
      const other = key.slice();
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      for (const each of [key, other]) agree(each, message, `bit ${bit}`);
    }
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
