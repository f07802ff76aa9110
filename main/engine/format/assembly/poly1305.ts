/**
 * Poly1305 (RFC 8439, section 2.5) in limbs of 26 bits. AssemblyScript, compiled by `npm run build:wasm`.
 *
 * Four blocks are taken at a time, each in a lane of its own: a lane multiplies what it holds by r⁴ and adds its next block.
 * The last time the lanes multiply by r⁴, r³, r² and r instead, and their sum is what block after block would have given.
 *
 * Memory: the caller's key and message wherever it says, and 336 bytes of ours for powers of `r`. One computation at a time.
 */

const MASK: u64 = 0x3ffffff;
/** The bit that follows the bytes of a whole block. */
const WHOLE: u64 = 1 << 24;

/** A factor for each lane: vectors of the limbs 0 to 4, then of five times the limbs 1 to 4, because 2¹³⁰ is 5. */
const FACTOR_BYTES: usize = 144;
/** We keep the factor of all rounds but the last, the last one, and the constants of the loop. */
const LAST: usize = FACTOR_BYTES;
const CONSTANTS: usize = LAST + FACTOR_BYTES;

let r0: u64, r1: u64, r2: u64, r3: u64, r4: u64;
/** Whether the kept powers are those of `r`. */
let isReady: bool = false;
let h0: u64, h1: u64, h2: u64, h3: u64, h4: u64;
/** `s`, added at the end. */
let s0: u64, s1: u64;

/**
 * Begins with the 32 bytes `r || s` at `key`; the bits of `r` that must be zero are cleared. All messages under a key have the
 * same `r`, so its powers last. That a key is another one than before is no secret.
 */
export function begin(key: usize): void {
  const n0 = (<u64>load<u32>(key)) & 0x3ffffff;
  const n1 = ((<u64>load<u32>(key, 3)) >> 2) & 0x3ffff03;
  const n2 = ((<u64>load<u32>(key, 6)) >> 4) & 0x3ffc0ff;
  const n3 = ((<u64>load<u32>(key, 9)) >> 6) & 0x3f03fff;
  const n4 = ((<u64>load<u32>(key, 12)) >> 8) & 0x00fffff;
  if (((n0 ^ r0) | (n1 ^ r1) | (n2 ^ r2) | (n3 ^ r3) | (n4 ^ r4)) != 0) isReady = false;
  r0 = n0;
  r1 = n1;
  r2 = n2;
  r3 = n3;
  r4 = n4;
  s0 = load<u64>(key, 16);
  s1 = load<u64>(key, 24);
  h0 = h1 = h2 = h3 = h4 = 0;
}

/** Takes in whole blocks; `bytes` is a multiple of 16. `powers`: always the same place, a multiple of 16. */
export function update(from: usize, bytes: usize, powers: usize): void {
  const end = from + bytes;
  let at = end - (bytes & 63);
  if (from < at) {
    if (!isReady) makePowers(powers);
    takeFours(from, at, powers);
  }
  for (; at < end; at += 16) {
    addBlock(at, WHOLE);
    multiplyByR();
  }
}

/** Takes in the last bytes, fewer than 16, which may be overwritten up to 16, and writes the 16 bytes of the MAC. */
export function finish(from: usize, bytes: usize, mac: usize): void {
  if (bytes > 0) {
    store<u8>(from + bytes, 1);
    memory.fill(from + bytes + 1, 0, 15 - bytes);
    addBlock(from, 0);
    multiplyByR();
  }
  carryAll();
  // h or h + 5 − 2¹³⁰, whichever is less than 2¹³⁰ − 5; chosen without a branch.
  let g0 = h0 + 5;
  let g1 = h1 + (g0 >> 26);
  let g2 = h2 + (g1 >> 26);
  let g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26) - (1 << 26);
  const keep: u64 = <u64>(<i64>g4 >> 63);
  g0 = (h0 & keep) | (g0 & MASK & ~keep);
  g1 = (h1 & keep) | (g1 & MASK & ~keep);
  g2 = (h2 & keep) | (g2 & MASK & ~keep);
  g3 = (h3 & keep) | (g3 & MASK & ~keep);
  const top = (h4 & keep) | (g4 & MASK & ~keep);
  const low = g0 | (g1 << 26) | (g2 << 52);
  const high = (g2 >> 12) | (g3 << 14) | (top << 40);
  const sum = low + s0;
  store<u64>(mac, sum);
  store<u64>(mac, high + s1 + u64(sum < low), 8);
}

/** h + the block at `at`. */
function addBlock(at: usize, afterBlock: u64): void {
  h0 += (<u64>load<u32>(at)) & MASK;
  h1 += ((<u64>load<u32>(at, 3)) >> 2) & MASK;
  h2 += ((<u64>load<u32>(at, 6)) >> 4) & MASK;
  h3 += ((<u64>load<u32>(at, 9)) >> 6) & MASK;
  h4 += ((<u64>load<u32>(at, 12)) >> 8) | afterBlock;
}

/** h · r modulo 2¹³⁰ − 5, with limbs that may be a bit too long. */
function multiplyByR(): void {
  const t1 = r1 * 5;
  const t2 = r2 * 5;
  const t3 = r3 * 5;
  const t4 = r4 * 5;
  const d0 = h0 * r0 + h1 * t4 + h2 * t3 + h3 * t2 + h4 * t1;
  let d1 = h0 * r1 + h1 * r0 + h2 * t4 + h3 * t3 + h4 * t2;
  let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * t4 + h4 * t3;
  let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * t4;
  let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0;
  d1 += d0 >> 26;
  d2 += d1 >> 26;
  d3 += d2 >> 26;
  d4 += d3 >> 26;
  h0 = (d0 & MASK) + (d4 >> 26) * 5;
  h1 = (d1 & MASK) + (h0 >> 26);
  h0 &= MASK;
  h2 = d2 & MASK;
  h3 = d3 & MASK;
  h4 = d4 & MASK;
}

function carryAll(): void {
  h2 += h1 >> 26;
  h1 &= MASK;
  h3 += h2 >> 26;
  h2 &= MASK;
  h4 += h3 >> 26;
  h3 &= MASK;
  h0 += (h4 >> 26) * 5;
  h4 &= MASK;
  h1 += h0 >> 26;
  h0 &= MASK;
}

/** Blocks four by four; `end - from` is a multiple of 64, and not 0. */
function takeFours(from: usize, end: usize, powers: usize): void {
  // Loaded, because a constant in the code is put together anew in every round.
  const constants = powers + CONSTANTS;
  let a0 = lane0(h0), a1 = lane0(h1), a2 = lane0(h2), a3 = lane0(h3), a4 = lane0(h4);
  for (let at = from; at < end; at += 64) {
    const mask = v128.load(constants);
    const mask64 = v128.load(constants, 16);
    // The words of the four blocks: the first words in one vector, and so on.
    const b0 = v128.load(at), b1 = v128.load(at, 16), b2 = v128.load(at, 32), b3 = v128.load(at, 48);
    const c0 = v128.shuffle<i32>(b0, b1, 0, 4, 1, 5), c1 = v128.shuffle<i32>(b2, b3, 0, 4, 1, 5);
    const c2 = v128.shuffle<i32>(b0, b1, 2, 6, 3, 7), c3 = v128.shuffle<i32>(b2, b3, 2, 6, 3, 7);
    const w0 = v128.shuffle<i64>(c0, c1, 0, 2), w1 = v128.shuffle<i64>(c0, c1, 1, 3);
    const w2 = v128.shuffle<i64>(c2, c3, 0, 2), w3 = v128.shuffle<i64>(c2, c3, 1, 3);
    a0 = i32x4.add(a0, v128.and(w0, mask));
    a1 = i32x4.add(a1, v128.and(v128.or(i32x4.shr_u(w0, 26), i32x4.shl(w1, 6)), mask));
    a2 = i32x4.add(a2, v128.and(v128.or(i32x4.shr_u(w1, 20), i32x4.shl(w2, 12)), mask));
    a3 = i32x4.add(a3, v128.and(v128.or(i32x4.shr_u(w2, 14), i32x4.shl(w3, 18)), mask));
    a4 = i32x4.add(a4, v128.or(i32x4.shr_u(w3, 8), v128.load(constants, 32)));

    const factor = at + 64 < end ? powers : powers + LAST;
    const q0 = v128.load(factor), q1 = v128.load(factor, 16), q2 = v128.load(factor, 32);
    const q3 = v128.load(factor, 48), q4 = v128.load(factor, 64);
    const u1 = v128.load(factor, 80), u2 = v128.load(factor, 96), u3 = v128.load(factor, 112), u4 = v128.load(factor, 128);
    // Lanes 0 and 1 in `d`, lanes 2 and 3 in `e`. Limbs of `a` have less than 28 bits, those of `u` less than 29: no sum
    // comes near 64 bits.
    let d0 = low(a0, q0, a1, u4, a2, u3, a3, u2, a4, u1), e0 = high(a0, q0, a1, u4, a2, u3, a3, u2, a4, u1);
    let d1 = low(a0, q1, a1, q0, a2, u4, a3, u3, a4, u2), e1 = high(a0, q1, a1, q0, a2, u4, a3, u3, a4, u2);
    let d2 = low(a0, q2, a1, q1, a2, q0, a3, u4, a4, u3), e2 = high(a0, q2, a1, q1, a2, q0, a3, u4, a4, u3);
    let d3 = low(a0, q3, a1, q2, a2, q1, a3, q0, a4, u4), e3 = high(a0, q3, a1, q2, a2, q1, a3, q0, a4, u4);
    let d4 = low(a0, q4, a1, q3, a2, q2, a3, q1, a4, q0), e4 = high(a0, q4, a1, q3, a2, q2, a3, q1, a4, q0);

    // Two chains of carries that do not wait for each other: 0 to 1 to 2 to 3, and 3 to 4 to 0 to 1.
    d1 = i64x2.add(d1, i64x2.shr_u(d0, 26));
    e1 = i64x2.add(e1, i64x2.shr_u(e0, 26));
    d4 = i64x2.add(d4, i64x2.shr_u(d3, 26));
    e4 = i64x2.add(e4, i64x2.shr_u(e3, 26));
    d2 = i64x2.add(d2, i64x2.shr_u(d1, 26));
    e2 = i64x2.add(e2, i64x2.shr_u(e1, 26));
    d0 = i64x2.add(v128.and(d0, mask64), timesFive(i64x2.shr_u(d4, 26)));
    e0 = i64x2.add(v128.and(e0, mask64), timesFive(i64x2.shr_u(e4, 26)));
    d3 = i64x2.add(v128.and(d3, mask64), i64x2.shr_u(d2, 26));
    e3 = i64x2.add(v128.and(e3, mask64), i64x2.shr_u(e2, 26));
    d1 = i64x2.add(v128.and(d1, mask64), i64x2.shr_u(d0, 26));
    e1 = i64x2.add(v128.and(e1, mask64), i64x2.shr_u(e0, 26));
    d4 = i64x2.add(v128.and(d4, mask64), i64x2.shr_u(d3, 26));
    e4 = i64x2.add(v128.and(e4, mask64), i64x2.shr_u(e3, 26));
    // What is masked away here has been carried above; the other limbs have hardly more than 26 bits.
    a0 = v128.and(v128.shuffle<i32>(d0, e0, 0, 2, 4, 6), mask);
    a1 = v128.shuffle<i32>(d1, e1, 0, 2, 4, 6);
    a2 = v128.and(v128.shuffle<i32>(d2, e2, 0, 2, 4, 6), mask);
    a3 = v128.and(v128.shuffle<i32>(d3, e3, 0, 2, 4, 6), mask);
    a4 = v128.shuffle<i32>(d4, e4, 0, 2, 4, 6);
  }
  h0 = sumOfLanes(a0);
  h1 = sumOfLanes(a1);
  h2 = sumOfLanes(a2);
  h3 = sumOfLanes(a3);
  h4 = sumOfLanes(a4);
  carryAll();
}

/** The powers of `r` as factors of `takeFours`. Leaves `h` as it was. */
function makePowers(powers: usize): void {
  const k0 = h0, k1 = h1, k2 = h2, k3 = h3, k4 = h4;
  h0 = r0;
  h1 = r1;
  h2 = r2;
  h3 = r3;
  h4 = r4;
  for (let lane: usize = 3; lane > 0; lane--) {
    storeLane(powers + LAST, lane);
    multiplyByR();
  }
  storeLane(powers + LAST, 0);
  for (let lane: usize = 0; lane < 4; lane++) storeLane(powers, lane);
  const constants = powers + CONSTANTS;
  v128.store(constants, i32x4.splat(<u32>MASK));
  v128.store(constants, i64x2.splat(MASK), 16);
  v128.store(constants, i32x4.splat(<u32>WHOLE), 32);
  isReady = true;
  h0 = k0;
  h1 = k1;
  h2 = k2;
  h3 = k3;
  h4 = k4;
}

/** Makes `h` this lane of a factor. */
function storeLane(factor: usize, lane: usize): void {
  const at = factor + (lane << 2);
  store<u32>(at, <u32>h0);
  store<u32>(at, <u32>h1, 16);
  store<u32>(at, <u32>h2, 32);
  store<u32>(at, <u32>h3, 48);
  store<u32>(at, <u32>h4, 64);
  store<u32>(at, <u32>(h1 * 5), 80);
  store<u32>(at, <u32>(h2 * 5), 96);
  store<u32>(at, <u32>(h3 * 5), 112);
  store<u32>(at, <u32>(h4 * 5), 128);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function lane0(limb: u64): v128 {
  return i32x4.replace_lane(i32x4.splat(0), 0, <u32>limb);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function sumOfLanes(limbs: v128): u64 {
  const pairs = i64x2.add(v128.and(limbs, i64x2.splat(0xffffffff)), i64x2.shr_u(limbs, 32));
  return i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function timesFive(x: v128): v128 {
  return i64x2.add(x, i64x2.shl(x, 2));
}

/** The sum of five products, in lanes 0 and 1. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function low(a: v128, p: v128, b: v128, q: v128, c: v128, r: v128, d: v128, s: v128, e: v128, t: v128): v128 {
  const ab = i64x2.add(i64x2.extmul_low_i32x4_u(a, p), i64x2.extmul_low_i32x4_u(b, q));
  const abc = i64x2.add(ab, i64x2.extmul_low_i32x4_u(c, r));
  return i64x2.add(i64x2.add(abc, i64x2.extmul_low_i32x4_u(d, s)), i64x2.extmul_low_i32x4_u(e, t));
}

/** The same in lanes 2 and 3. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function high(a: v128, p: v128, b: v128, q: v128, c: v128, r: v128, d: v128, s: v128, e: v128, t: v128): v128 {
  const ab = i64x2.add(i64x2.extmul_high_i32x4_u(a, p), i64x2.extmul_high_i32x4_u(b, q));
  const abc = i64x2.add(ab, i64x2.extmul_high_i32x4_u(c, r));
  return i64x2.add(i64x2.add(abc, i64x2.extmul_high_i32x4_u(d, s)), i64x2.extmul_high_i32x4_u(e, t));
}
