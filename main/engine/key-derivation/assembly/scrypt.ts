/**
 * scryptROMix (RFC 7914, sections 3 to 5), with Salsa20/8 in vectors. AssemblyScript, compiled by `npm run build:wasm`.
 *
 * Within this module the 16 words of a block of 64 bytes lie so that its diagonals are the four vectors (C. Percival's
 * order): word `i` is word `5 i mod 16` of the plain order. `enter` and `leave` translate.
 *
 * Memory, for blocks of `128 r` bytes: the lane at 0, a spare block, then the table of `n` blocks. One lane at a time; the
 * work is done in steps, so that a thread that has other things to do can do them in between.
 */

/** Takes the lane that lies at 0 in the plain order. */
export function enter(r: u32): void {
  const bytes = bytesOf(r);
  reorder(0, 2 * bytes, r, false);
}

/** Makes the blocks of the table from number `from` (at least 1) up to `to`, each from the one before. */
export function fill(r: u32, from: u32, to: u32): void {
  const bytes = bytesOf(r);
  let at = 2 * bytes + <usize>(from - 1) * bytes;
  for (let i = from; i < to; i++) {
    mixBlock(at, 0, at + bytes, r, false);
    at += bytes;
  }
}

/** Begins the second half of the work: the lane follows the last block of the table. */
export function turn(r: u32, n: u32): void {
  const bytes = bytesOf(r);
  mixBlock(2 * bytes + <usize>(n - 1) * bytes, 0, 0, r, false);
}

/** Mixes blocks of the table into the lane, `steps` of the `n` in all; an even number. */
export function mix(r: u32, n: u32, steps: u32): void {
  const bytes = bytesOf(r);
  for (let i: u32 = 0; i < steps; i += 2) {
    mixBlock(0, chosen(0, r, n), bytes, r, true);
    mixBlock(bytes, chosen(bytes, r, n), 0, r, true);
  }
}

/** Gives the lane back at 0, in the plain order. */
export function leave(r: u32): void {
  const bytes = bytesOf(r);
  memory.copy(bytes, 0, bytes);
  reorder(bytes, 0, r, true);
}

/** Nothing that could help to guess the passphrase stays behind. */
export function wipe(bytes: usize): void {
  memory.fill(0, 0, bytes);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function bytesOf(r: u32): usize {
  return <usize>r << 7;
}

/** Where the block of the table lies that `block` asks for: Integerify. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function chosen(block: usize, r: u32, n: u32): usize {
  const bytes = bytesOf(r);
  return 2 * bytes + <usize>(load<u32>(block + bytes - 64) & (n - 1)) * bytes;
}

function reorder(from: usize, to: usize, r: u32, back: bool): void {
  for (let k: usize = 0; k < 2 * r; k++) {
    for (let i: usize = 0; i < 16; i++) {
      const plain = (k * 16 + ((i * 5) & 15)) << 2;
      const inner = (k * 16 + i) << 2;
      if (back) store<u32>(to + plain, load<u32>(from + inner));
      else store<u32>(to + inner, load<u32>(from + plain));
    }
  }
}

/** scryptBlockMix of the block at `a`, or of `a` XOR `b`, to another place. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function mixBlock(a: usize, b: usize, to: usize, r: u32, both: bool): void {
  const half: usize = <usize>r << 6;
  const end = a + 2 * half;
  let x0 = v128.load(end - 64);
  let x1 = v128.load(end - 48);
  let x2 = v128.load(end - 32);
  let x3 = v128.load(end - 16);
  if (both) {
    const last = b + 2 * half - 64;
    x0 = v128.xor(x0, v128.load(last));
    x1 = v128.xor(x1, v128.load(last, 16));
    x2 = v128.xor(x2, v128.load(last, 32));
    x3 = v128.xor(x3, v128.load(last, 48));
  }
  // What comes out goes to the first half and to the second in turn.
  let here = to;
  let there = to + half;
  while (a < end) {
    x0 = v128.xor(x0, v128.load(a));
    x1 = v128.xor(x1, v128.load(a, 16));
    x2 = v128.xor(x2, v128.load(a, 32));
    x3 = v128.xor(x3, v128.load(a, 48));
    if (both) {
      x0 = v128.xor(x0, v128.load(b));
      x1 = v128.xor(x1, v128.load(b, 16));
      x2 = v128.xor(x2, v128.load(b, 32));
      x3 = v128.xor(x3, v128.load(b, 48));
    }
    const y0 = x0;
    const y1 = x1;
    const y2 = x2;
    const y3 = x3;
    // A row round is a column round with the second and the fourth vector in each other's place.
    for (let round = 0; round < 8; round++) {
      let sum = i32x4.add(x0, x3);
      x1 = v128.xor(v128.xor(x1, i32x4.shl(sum, 7)), i32x4.shr_u(sum, 25));
      sum = i32x4.add(x1, x0);
      x2 = v128.xor(v128.xor(x2, i32x4.shl(sum, 9)), i32x4.shr_u(sum, 23));
      sum = i32x4.add(x2, x1);
      x3 = v128.xor(v128.xor(x3, i32x4.shl(sum, 13)), i32x4.shr_u(sum, 19));
      sum = i32x4.add(x3, x2);
      x0 = v128.xor(v128.xor(x0, i32x4.shl(sum, 18)), i32x4.shr_u(sum, 14));
      const turned = v128.shuffle<i32>(x1, x1, 3, 0, 1, 2);
      x2 = v128.shuffle<i32>(x2, x2, 2, 3, 0, 1);
      x1 = v128.shuffle<i32>(x3, x3, 1, 2, 3, 0);
      x3 = turned;
    }
    x0 = i32x4.add(x0, y0);
    x1 = i32x4.add(x1, y1);
    x2 = i32x4.add(x2, y2);
    x3 = i32x4.add(x3, y3);
    v128.store(here, x0);
    v128.store(here, x1, 16);
    v128.store(here, x2, 32);
    v128.store(here, x3, 48);
    const next = there;
    there = here + 64;
    here = next;
    a += 64;
    b += 64;
  }
}
