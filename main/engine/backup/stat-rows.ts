const TWO_32 = 2 ** 32;
const BILLION = 1e9;

/**
 * The stats of a listing (`Listing.stats`) as numbers, field by field in the order in which they lie there: 64 bits would be an
 * object for each.
 */
export class StatRows {
  /** Halves of 32 bits, low before high. */
  readonly #low: Uint32Array;
  readonly #high: Int32Array;
  /** The rest of a second of the time whose `seconds` were asked for last. */
  nanos = 0;

  constructor({ buffer, byteOffset, length }: BigInt64Array) {
    this.#low = new Uint32Array(buffer, byteOffset, length * 2);
    this.#high = new Int32Array(buffer, byteOffset, length * 2);
  }

  /** The lower 32 bits. */
  low(field: number): number {
    return this.#low[field * 2] as number;
  }

  /** The upper 32 bits, of a number without a sign. */
  high(field: number): number {
    return (this.#high[field * 2 + 1] as number) >>> 0;
  }

  /** As nearly as a double holds it. */
  number(field: number): number {
    return (this.#high[field * 2 + 1] as number) * TWO_32 + (this.#low[field * 2] as number);
  }

  /** The whole seconds of a time in nanoseconds, rounded down; `nanos` is the rest. Both are exact. */
  seconds(field: number): number {
    let seconds = Math.floor(this.number(field) / BILLION);
    // The double may be some hundred nanoseconds off, and so a second too many or too few: the rest then shows it.
    let rest = (this.low(field) - Math.imul(seconds, BILLION)) >>> 0;
    if (rest >= 2 * BILLION) {
      seconds--;
      rest = (rest + BILLION) >>> 0;
    } else if (rest >= BILLION) {
      seconds++;
      rest -= BILLION;
    }
    this.nanos = rest;
    return seconds;
  }
}
