/**
 * Ids (32 bytes each) in one growing array with an open-addressing hash over it. The first bytes of a SHA-256 are as
 * good as any hash of it. An id may be added more than once; entries are numbered in the order of their coming.
 */
const ID_BYTES = 32;
const FREE = 0;

export class IdTable {
  #ids: Uint8Array;
  #words: Uint32Array;
  /** Entry number + 1 at each slot, 0 where free. At most two thirds are taken. */
  #slots: Uint32Array;
  #size = 0;

  constructor(expected = 64) {
    const capacity = Math.max(16, expected);
    this.#ids = new Uint8Array(capacity * ID_BYTES);
    this.#words = new Uint32Array(this.#ids.buffer);
    this.#slots = new Uint32Array(slotsFor(capacity));
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes that the table occupies. */
  get memoryBytes(): number {
    return this.#ids.byteLength + this.#slots.byteLength;
  }

  /** Adds the id at `bytes[offset…offset+32)` and gives its entry number. */
  add(bytes: Uint8Array, offset = 0): number {
    if ((this.#size + 1) * ID_BYTES > this.#ids.length) this.#growIds();
    if ((this.#size + 1) * 3 > this.#slots.length * 2) this.#growSlots();
    const entry = this.#size++;
    for (let i = 0; i < ID_BYTES; i++) this.#ids[entry * ID_BYTES + i] = bytes[offset + i] ?? 0;
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
    return this.#ids.subarray(entry * ID_BYTES, (entry + 1) * ID_BYTES);
  }

  #equals(entry: number, bytes: Uint8Array, offset: number): boolean {
    const start = entry * ID_BYTES;
    for (let i = 0; i < ID_BYTES; i++) if (this.#ids[start + i] !== bytes[offset + i]) return false;
    return true;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#words[(entry * ID_BYTES) >>> 2] ?? 0) & mask;
    while (this.#slots[slot] !== FREE) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  #growIds(): void {
    const wider = new Uint8Array(Math.ceil((this.#ids.length / ID_BYTES) * 1.5) * ID_BYTES);
    wider.set(this.#ids);
    this.#ids = wider;
    this.#words = new Uint32Array(wider.buffer);
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
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
