import type { Random } from '../clock.ts';

/** Polynomials over GF(2), bit i of a bigint being the coefficient of x^i; the chunker's parameter (format, sections 4 and 12). */

/** The chunker's polynomial has exactly this degree: its tables are laid out for it. */
export const POLYNOMIAL_DEGREE = 53;

/** Degree of `f`; -1 for the zero polynomial. */
export function degree(f: bigint): number {
  return f === 0n ? -1 : f.toString(2).length - 1;
}

/** Remainder of `f` divided by `divisor`, which must not be zero. */
export function remainder(f: bigint, divisor: bigint): bigint {
  const size = degree(divisor);
  let rest = f;
  for (let shift = degree(rest) - size; shift >= 0; shift = degree(rest) - size) rest ^= divisor << BigInt(shift);
  return rest;
}

export function gcd(f: bigint, g: bigint): bigint {
  let [a, b] = [f, g];
  while (b !== 0n) [a, b] = [b, remainder(a, b)];
  return a;
}

/** Ben-Or's test, for polynomials of any degree up to a few hundred. */
export function isIrreducible(f: bigint): boolean {
  const size = degree(f);
  if (size < 1) return false;
  let power = 2n;
  for (let i = 1; i <= Math.floor(size / 2); i++) {
    power = remainder(square(power), f);
    if (gcd(f, power ^ 2n) !== 1n) return false;
  }
  return true;
}

/** A random irreducible polynomial of degree 53. */
export function generatePolynomial(random: Random): bigint {
  for (;;) {
    const bytes = random(8);
    const bits = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
    const candidate = BigInt.asUintN(POLYNOMIAL_DEGREE + 1, bits) | (1n << BigInt(POLYNOMIAL_DEGREE)) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
}

export interface ChunkerTables {
  /** `b·x^(8·63) mod P`: what a byte that leaves the window of 64 contributes to the digest. */
  readonly out: BigUint64Array;
  /** `(b << 53 mod P) | b << 53`: reduces a digest whose top byte is `b` and clears that byte. */
  readonly mod: BigUint64Array;
}

/** The rolling hash's tables of 256 entries each for a polynomial of degree 53. */
export function chunkerTables(polynomial: bigint): ChunkerTables {
  const out = new BigUint64Array(256);
  const mod = new BigUint64Array(256);
  const leaving = remainder(1n << (8n * 63n), polynomial);
  const top = BigInt(POLYNOMIAL_DEGREE);
  for (let byte = 0; byte < 256; byte++) {
    const b = BigInt(byte);
    out[byte] = remainder(multiply(leaving, b), polynomial);
    mod[byte] = remainder(b << top, polynomial) | (b << top);
  }
  return { out, mod };
}

function multiply(f: bigint, g: bigint): bigint {
  let product = 0n;
  for (let bit = 0n; g >> bit !== 0n; bit++) if ((g >> bit) & 1n) product ^= f << bit;
  return product;
}

function square(f: bigint): bigint {
  // Over GF(2) squaring spreads the bits apart.
  return BigInt(`0b${[...f.toString(2)].join('0')}`);
}
