import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseConfig, serialiseConfig } from '../../../../main/engine/format/config.ts';
import {
  degree,
  gcd,
  generatePolynomial,
  isIrreducible,
  remainder,
} from '../../../../main/engine/format/polynomial.ts';
import { text } from '../../../support/bytes.ts';

const id = 'ab'.repeat(32);
const good = `{"version":2,"id":"${id}","chunker_polynomial":"3da3358b4dc173"}`;

describe('config', () => {
  it('is written as restic writes it', () => {
    const config = parseConfig(text(good));
    expect(config).toEqual({ version: 2, id, chunkerPolynomial: 0x3da3358b4dc173n });
    expect(Buffer.from(serialiseConfig(config)).toString()).toBe(good);
  });

  it('may spell the polynomial in upper case and with leading zeros', () => {
    expect(parseConfig(text(good.replace('3da3358b4dc173', '003DA3358B4DC173'))).chunkerPolynomial).toBe(
      0x3da3358b4dc173n,
    );
  });

  it.each([
    ['another version', good.replace('"version":2', '"version":3'), 'repo/unsupported'],
    ['no version', good.replace('"version":2,', ''), 'repo/damaged'],
    ['a version that is text', good.replace('2,', '"2",'), 'repo/damaged'],
    ['a reducible polynomial', good.replace('3da3358b4dc173', '3da3358b4dc172'), 'repo/damaged'],
    ['a polynomial of low degree', good.replace('3da3358b4dc173', '7'), 'repo/damaged'],
    ['no polynomial', `{"version":2,"id":"${id}"}`, 'repo/damaged'],
    ['no JSON', `\u0002${good}`, 'repo/damaged'],
    ['no object', 'null', 'repo/damaged'],
  ])('is refused with %s', (_what, json, code) => {
    expect(() => parseConfig(text(json))).toThrow(expect.objectContaining({ code }));
  });
});

describe('polynomials', () => {
  it('knows the irreducible ones of small degree', () => {
    const irreducible = Array.from({ length: 32 }, (_, f) => f).filter((f) => isIrreducible(BigInt(f)));
    expect(irreducible).toEqual([2, 3, 7, 11, 13, 19, 25, 31]);
  });

  it('divides and finds common factors', () => {
    expect(remainder(0b11011n, 0b101n)).toBe(0b0n);
    expect(remainder(0b11011n, 0b1011n)).toBe(0b110n);
    expect(gcd(0b11011n, 0b101n)).toBe(0b101n);
  });

  it('makes irreducible ones of degree 53', () => {
    for (let i = 0; i < 5; i++) {
      const polynomial = generatePolynomial((length) => Uint8Array.from(randomBytes(length)));
      expect(degree(polynomial)).toBe(53);
      expect(isIrreducible(polynomial)).toBe(true);
    }
  });
});
