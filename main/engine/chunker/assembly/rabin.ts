/**
 * The rolling hash of restic's chunker (format, section 12). AssemblyScript, compiled by `npm run build:wasm`.
 *
 * From the minimum chunk size on, the digest at a position depends on the 64 bytes before it only: what was hashed
 * earlier has left the window. So a position can be looked at without all positions before it, and three stretches are
 * hashed side by side: one digest alone waits for a table at each byte, three of them wait together (more of them do not
 * fit into the processor's registers).
 *
 * Memory: LEAVE (256 × 8 bytes) at 0: what a byte that leaves the window has become when the next one is appended, so
 * that nothing waits for it; MOD (256 × 8 bytes) at 2048; the caller's bytes from 4096 on.
 */

const MOD: usize = 2048;
const WINDOW: i32 = 64;
const CUT_MASK: u64 = 0xfffff;
/** Positions of each of the three stretches; all are looked at before the first hit is chosen. */
const STRETCH: i32 = 8192;

// @ts-ignore: a decorator of AssemblyScript
@inline
function slide(digest: u64, at: usize): u64 {
  return append(digest, at) ^ load<u64>((<usize>load<u8>(at - WINDOW)) << 3);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function append(digest: u64, at: usize): u64 {
  return ((digest << 8) | <u64>load<u8>(at)) ^ load<u64>(MOD + ((<usize>(digest >> 45)) << 3));
}

/** The digest of the 64 bytes that end before `at`. */
function digestBefore(at: i32): u64 {
  let digest: u64 = 0;
  for (let i: i32 = at - WINDOW; i < at; i++) digest = append(digest, i);
  return digest;
}

/** The first position p in [from, to) such that the 64 bytes that end with byte p hash to a cut, or -1. */
function findOne(from: i32, to: i32): i32 {
  let digest = digestBefore(from);
  for (let at: i32 = from; at < to; at++) {
    digest = slide(digest, at);
    if ((digest & CUT_MASK) == 0) return at;
  }
  return -1;
}

/** As `findOne`; at least 64 bytes must lie before `from`. */
export function find(from: i32, to: i32): i32 {
  let at = from;
  while (to - at >= 3 * STRETCH) {
    const hit = findInThree(at);
    if (hit >= 0) return hit;
    at += 3 * STRETCH;
  }
  return findOne(at, to);
}

function findInThree(from: i32): i32 {
  const b = from + STRETCH;
  const c = from + 2 * STRETCH;
  let digestA = digestBefore(from);
  let digestB = digestBefore(b);
  let digestC = digestBefore(c);
  let hitB: i32 = -1;
  let hitC: i32 = -1;
  for (let i: i32 = 0; i < STRETCH; i++) {
    digestA = slide(digestA, from + i);
    digestB = slide(digestB, b + i);
    digestC = slide(digestC, c + i);
    if ((digestA & CUT_MASK) == 0) return from + i;
    if ((digestB & CUT_MASK) == 0 && hitB < 0) hitB = b + i;
    if ((digestC & CUT_MASK) == 0 && hitC < 0) hitC = c + i;
  }
  return hitB >= 0 ? hitB : hitC;
}
