import { giveBack } from '../give-back.ts';

/**
 * Ids (32 bytes each) in blocks, so that growing copies none of them, with an open-addressing hash over them. The first bytes of a SHA-256 are as
 * good as any hash of it. An id may be added more than once; entries are numbered in the order of their coming.
 */
const ID_BYTES = 32;
const BLOCK_BITS = 13;
const BLOCK_IDS = 2 ** BLOCK_BITS;
const IN_BLOCK = BLOCK_IDS - 1;
const FREE = 0;

export class IdTable {
  readonly #blocks: Uint8Array[] = [];
  /** The same memory as numbers. */
  readonly #words: Uint32Array[] = [];
  /** Entry number + 1 at each slot, 0 where free. At most two thirds are taken. */
  #slots: Uint32Array;
  #size = 0;

  constructor(expected = 64) {
    this.#slots = new Uint32Array(slotsFor(Math.max(16, expected)));
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes that the table occupies. */
  get memoryBytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.byteLength, 0) + this.#slots.byteLength;
  }

  /** Adds the id at `bytes[offset…offset+32)` and gives its entry number. */
  add(bytes: Uint8Array, offset = 0): number {
    const at = (this.#size & IN_BLOCK) * ID_BYTES;
    if (this.#size >>> BLOCK_BITS === this.#blocks.length) this.#addBlock();
    else if (at + ID_BYTES > (this.#blocks.at(-1) as Uint8Array).length) this.#growFirstBlock();
    if ((this.#size + 1) * 3 > this.#slots.length * 2) this.#growSlots();
    const entry = this.#size++;
    const block = this.#blocks[entry >>> BLOCK_BITS] as Uint8Array;
    for (let i = 0; i < ID_BYTES; i++) block[at + i] = bytes[offset + i] ?? 0;
    this.#place(entry);
    return entry;
  }

  /** The first entry with this id, or -1. */
  find(bytes: Uint8Array, offset = 0): number {
    return this.findFrom(bytes, offset, -1);
  }

  /** The next entry with this id after `previous` (an earlier answer; -1 to begin), or -1. */
  findFrom(bytes: Uint8Array, offset: number, previous: number): number {
    const mask = this.#slots.length - 1;
    let slot = firstWord(bytes, offset) & mask;
    let passed = previous === -1;
    for (;;) {
      const taken = this.#slots[slot] ?? FREE;
      if (taken === FREE) return -1;
      const entry = taken - 1;
      if (passed && this.#equals(entry, bytes, offset)) return entry;
      if (entry === previous) passed = true;
      slot = (slot + 1) & mask;
    }
  }

  /** A view of the entry's id; valid until the next `add`. */
  idBytes(entry: number): Uint8Array {
    const at = (entry & IN_BLOCK) * ID_BYTES;
    return (this.#blocks[entry >>> BLOCK_BITS] as Uint8Array).subarray(at, at + ID_BYTES);
  }

  /** All ids, one after another, in the order of their entries. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#size * ID_BYTES);
    for (let entry = 0; entry < this.#size; entry += BLOCK_IDS) {
      const block = this.#blocks[entry >>> BLOCK_BITS] as Uint8Array;
      const count = Math.min(BLOCK_IDS, this.#size - entry);
      bytes.set(block.subarray(0, count * ID_BYTES), entry * ID_BYTES);
    }
    return bytes;
  }

  /** Gives its memory back; the table cannot be used any more. */
  discard(): void {
    for (const block of this.#blocks) giveBack(block);
    giveBack(this.#slots);
  }

  #equals(entry: number, bytes: Uint8Array, offset: number): boolean {
    const block = this.#blocks[entry >>> BLOCK_BITS] as Uint8Array;
    const start = (entry & IN_BLOCK) * ID_BYTES;
    for (let i = 0; i < ID_BYTES; i++) if (block[start + i] !== bytes[offset + i]) return false;
    return true;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    const words = this.#words[entry >>> BLOCK_BITS] as Uint32Array;
    let slot = ((words[((entry & IN_BLOCK) * ID_BYTES) >>> 2] as number) | 0) & mask;
    while (this.#slots[slot] !== FREE) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  /** The first block begins small: most tables stay so. */
  #addBlock(): void {
    this.#setBlock(this.#blocks.length, new Uint8Array((this.#blocks.length === 0 ? 16 : BLOCK_IDS) * ID_BYTES));
  }

  #growFirstBlock(): void {
    const block = this.#blocks[0] as Uint8Array;
    const wider = new Uint8Array(Math.min(block.length * 2, BLOCK_IDS * ID_BYTES));
    wider.set(block);
    giveBack(block);
    this.#setBlock(0, wider);
  }

  #setBlock(number: number, block: Uint8Array<ArrayBuffer>): void {
    this.#blocks[number] = block;
    this.#words[number] = new Uint32Array(block.buffer);
  }

  #growSlots(): void {
    const slots = this.#slots.length * 2;
    giveBack(this.#slots);
    this.#slots = new Uint32Array(slots);
    for (let entry = 0; entry < this.#size; entry++) this.#place(entry);
  }
}

function slotsFor(capacity: number): number {
  let slots = 32;
  while (slots * 2 < capacity * 3) slots *= 2;
  return slots;
}

/** The same word that `#words` holds for a stored id: little-endian on every machine that Node runs on. */
function firstWord(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] ?? 0) |
    ((bytes[offset + 1] ?? 0) << 8) |
    ((bytes[offset + 2] ?? 0) << 16) |
    ((bytes[offset + 3] ?? 0) << 24)
  );
}
