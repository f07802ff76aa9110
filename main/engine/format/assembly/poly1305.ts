/**
 * Poly1305 (RFC 8439, section 2.5) in limbs of 26 bits. AssemblyScript, compiled by `npm run build:wasm`.
 *
 * Two blocks are taken at a time: (h + a) · r² + b · r instead of ((h + a) · r + b) · r. The two products do not wait for
 * each other, and the carries run once for both.
 *
 * Memory: the caller's key and message wherever it says; nothing of ours. One computation at a time.
 */

const MASK: u64 = 0x3ffffff;
/** The bit that follows the bytes of a whole block. */
const WHOLE: u64 = 1 << 24;

let r0: u64, r1: u64, r2: u64, r3: u64, r4: u64;
/** r² modulo 2¹³⁰ − 5. */
let q0: u64, q1: u64, q2: u64, q3: u64, q4: u64;
let h0: u64, h1: u64, h2: u64, h3: u64, h4: u64;
/** `s`, added at the end. */
let s0: u64, s1: u64;

/** Begins with the 32 bytes `r || s` at `key`; the bits of `r` that must be zero are cleared. */
export function begin(key: usize): void {
  r0 = (<u64>load<u32>(key)) & 0x3ffffff;
  r1 = ((<u64>load<u32>(key, 3)) >> 2) & 0x3ffff03;
  r2 = ((<u64>load<u32>(key, 6)) >> 4) & 0x3ffc0ff;
  r3 = ((<u64>load<u32>(key, 9)) >> 6) & 0x3f03fff;
  r4 = ((<u64>load<u32>(key, 12)) >> 8) & 0x00fffff;
  s0 = load<u64>(key, 16);
  s1 = load<u64>(key, 24);
  h0 = r0;
  h1 = r1;
  h2 = r2;
  h3 = r3;
  h4 = r4;
  multiplyByR();
  q0 = h0;
  q1 = h1;
  q2 = h2;
  q3 = h3;
  q4 = h4;
  h0 = h1 = h2 = h3 = h4 = 0;
}

/** Takes in whole blocks; `bytes` is a multiple of 16. */
export function update(from: usize, bytes: usize): void {
  const end = from + bytes;
  let at = from;
  if (bytes & 16) {
    addBlock(at, WHOLE);
    multiplyByR();
    at += 16;
  }
  if (at < end) takePairs(at, end);
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

/** Blocks two by two; `end - from` is a multiple of 32. Everything in locals: globals would be memory. */
function takePairs(from: usize, end: usize): void {
  const r0_ = r0, r1_ = r1, r2_ = r2, r3_ = r3, r4_ = r4;
  const q0_ = q0, q1_ = q1, q2_ = q2, q3_ = q3, q4_ = q4;
  const t1 = r1_ * 5, t2 = r2_ * 5, t3 = r3_ * 5, t4 = r4_ * 5;
  const u1 = q1_ * 5, u2 = q2_ * 5, u3 = q3_ * 5, u4 = q4_ * 5;
  let a0 = h0, a1 = h1, a2 = h2, a3 = h3, a4 = h4;
  for (let at = from; at < end; at += 32) {
    a0 += (<u64>load<u32>(at)) & MASK;
    a1 += ((<u64>load<u32>(at, 3)) >> 2) & MASK;
    a2 += ((<u64>load<u32>(at, 6)) >> 4) & MASK;
    a3 += ((<u64>load<u32>(at, 9)) >> 6) & MASK;
    a4 += ((<u64>load<u32>(at, 12)) >> 8) | WHOLE;
    const b0 = (<u64>load<u32>(at, 16)) & MASK;
    const b1 = ((<u64>load<u32>(at, 19)) >> 2) & MASK;
    const b2 = ((<u64>load<u32>(at, 22)) >> 4) & MASK;
    const b3 = ((<u64>load<u32>(at, 25)) >> 6) & MASK;
    const b4 = ((<u64>load<u32>(at, 28)) >> 8) | WHOLE;
    const d0 = a0 * q0_ + a1 * u4 + a2 * u3 + a3 * u2 + a4 * u1 + b0 * r0_ + b1 * t4 + b2 * t3 + b3 * t2 + b4 * t1;
    let d1 = a0 * q1_ + a1 * q0_ + a2 * u4 + a3 * u3 + a4 * u2 + b0 * r1_ + b1 * r0_ + b2 * t4 + b3 * t3 + b4 * t2;
    let d2 = a0 * q2_ + a1 * q1_ + a2 * q0_ + a3 * u4 + a4 * u3 + b0 * r2_ + b1 * r1_ + b2 * r0_ + b3 * t4 + b4 * t3;
    let d3 = a0 * q3_ + a1 * q2_ + a2 * q1_ + a3 * q0_ + a4 * u4 + b0 * r3_ + b1 * r2_ + b2 * r1_ + b3 * r0_ + b4 * t4;
    let d4 = a0 * q4_ + a1 * q3_ + a2 * q2_ + a3 * q1_ + a4 * q0_ + b0 * r4_ + b1 * r3_ + b2 * r2_ + b3 * r1_ + b4 * r0_;
    d1 += d0 >> 26;
    d2 += d1 >> 26;
    d3 += d2 >> 26;
    d4 += d3 >> 26;
    a0 = (d0 & MASK) + (d4 >> 26) * 5;
    a1 = (d1 & MASK) + (a0 >> 26);
    a0 &= MASK;
    a2 = d2 & MASK;
    a3 = d3 & MASK;
    a4 = d4 & MASK;
  }
  h0 = a0;
  h1 = a1;
  h2 = a2;
  h3 = a3;
  h4 = a4;
}
