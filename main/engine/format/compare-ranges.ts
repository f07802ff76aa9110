/**
 * Orders bytes from `aStart` to `aEnd` of `a` and those from `bStart` to `bEnd` of `b` as `Buffer.compare` does. For names of a
 * few bytes in the middle of many: the call into the system's library would cost more than the comparison.
 */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const shared = Math.min(aEnd - aStart, bEnd - bStart);
  for (let n = 0; n < shared; n++) {
    const difference = (a[aStart + n] as number) - (b[bStart + n] as number);
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}
