import type { PackId } from '../ids.ts';

/** The blobs of one pack in columns. */
export interface PackColumns {
  readonly id: PackId;
  readonly count: number;
  /** 32 bytes a blob. */
  readonly ids: Uint8Array;
  /** 1 for a tree. */
  readonly isTree: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly uncompressedLengths: Uint32Array;
}

/**
 * Reads an index file's JSON without making objects of it: an index of millions of blobs is hundreds of megabytes of
 * text. Knows only the layout that restic and Triplicate write, to the byte (format, section 7). Gives undefined when the
 * text is anything else: what is in it then is for `decodeIndex` to say.
 */
export function scanIndex(json: Uint8Array): readonly PackColumns[] | undefined {
  const scan = new Scan(json);
  const packs: PackColumns[] = [];
  if (scan.skip(SUPERSEDES)) {
    do if (!scan.skipId()) return undefined;
    while (scan.skip(NEXT_ID));
    if (!scan.skip(SUPERSEDES_END)) return undefined;
  } else if (!scan.skip(OPEN)) return undefined;
  if (!scan.skip(PACKS)) return undefined;
  do {
    const pack = scan.pack();
    if (!pack) return undefined;
    packs.push(pack);
  } while (scan.skip(NEXT_PACK));
  return scan.skip(END) && scan.isAtEnd ? packs : undefined;
}

const OPEN = Buffer.from('{');
const SUPERSEDES = Buffer.from('{"supersedes":["');
const NEXT_ID = Buffer.from(',"');
const SUPERSEDES_END = Buffer.from('],');
const PACKS = Buffer.from('"packs":[{"id":"');
const NEXT_PACK = Buffer.from(',{"id":"');
const BLOBS = Buffer.from(',"blobs":[{"id":"');
const TYPE = Buffer.from(',"type":"');
const DATA = Buffer.from('data","offset":');
const TREE = Buffer.from('tree","offset":');
const LENGTH = Buffer.from(',"length":');
const UNCOMPRESSED = Buffer.from(',"uncompressed_length":');
const NEXT_BLOB = Buffer.from('},{"id":"');
const PACK_END = Buffer.from('}]}');
const END = Buffer.from(']}');
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const ID_BYTES = 32;
const MAX_UINT32 = 0xffff_ffff;

const NO_DIGIT = 255;

/** The value of each character as a hex digit in lower case. */
const HEX = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of [...'0123456789abcdef'].entries()) HEX[digit.charCodeAt(0)] = value;

class Scan {
  readonly #json: Uint8Array;
  #at = 0;
  #ids = new Uint8Array(512 * ID_BYTES);
  #isTree = new Uint8Array(512);
  #offsets = new Uint32Array(512);
  #lengths = new Uint32Array(512);
  #uncompressedLengths = new Uint32Array(512);

  constructor(json: Uint8Array) {
    this.#json = json;
  }

  get isAtEnd(): boolean {
    const left = this.#json.length - this.#at;
    return left === 0 || (left === 1 && this.#json[this.#at] === NEWLINE);
  }

  /** Passes over the text, if it is there. */
  skip(text: Uint8Array): boolean {
    const start = this.#at;
    for (let i = 0; i < text.length; i++) if (this.#json[start + i] !== text[i]) return false;
    this.#at = start + text.length;
    return true;
  }

  skipId(): boolean {
    return this.#id(this.#ids, 0);
  }

  /** From the pack's id, without its opening quote, to its closing brace. */
  pack(): PackColumns | undefined {
    const idStart = this.#at;
    if (!this.#id(this.#ids, 0)) return undefined;
    const id = Buffer.from(this.#json.buffer, this.#json.byteOffset + idStart, 64).toString('latin1') as PackId;
    if (!this.skip(BLOBS)) return undefined;
    let count = 0;
    do {
      if (count === this.#offsets.length) this.#grow();
      if (!this.#blob(count++)) return undefined;
    } while (this.skip(NEXT_BLOB));
    if (!this.skip(PACK_END)) return undefined;
    return {
      id,
      count,
      ids: this.#ids.slice(0, count * ID_BYTES),
      isTree: this.#isTree.slice(0, count),
      offsets: this.#offsets.slice(0, count),
      lengths: this.#lengths.slice(0, count),
      uncompressedLengths: this.#uncompressedLengths.slice(0, count),
    };
  }

  #blob(n: number): boolean {
    if (!this.#id(this.#ids, n * ID_BYTES) || !this.skip(TYPE)) return false;
    const isTree = this.skip(TREE);
    if (!isTree && !this.skip(DATA)) return false;
    const offset = this.#number();
    if (offset < 0 || !this.skip(LENGTH)) return false;
    const length = this.#number();
    const uncompressed = this.skip(UNCOMPRESSED) ? this.#number() : 0;
    if (length < 0 || uncompressed < 0) return false;
    this.#isTree[n] = isTree ? 1 : 0;
    this.#offsets[n] = offset;
    this.#lengths[n] = length;
    this.#uncompressedLengths[n] = uncompressed;
    return true;
  }

  /** Reads 64 hex digits and the closing quote. */
  #id(target: Uint8Array, offset: number): boolean {
    const json = this.#json;
    let at = this.#at;
    for (let i = 0; i < ID_BYTES; i++) {
      const high = HEX[json[at++] ?? 0] ?? NO_DIGIT;
      const low = HEX[json[at++] ?? 0] ?? NO_DIGIT;
      if (high === NO_DIGIT || low === NO_DIGIT) return false;
      target[offset + i] = (high << 4) | low;
    }
    if (json[at] !== QUOTE) return false;
    this.#at = at + 1;
    return true;
  }

  /** A whole number that fits 32 bits, without needless zeros; -1 for anything else. */
  #number(): number {
    const start = this.#at;
    let value = 0;
    for (;;) {
      const digit = (this.#json[this.#at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > MAX_UINT32) return -1;
      this.#at++;
    }
    const digits = this.#at - start;
    return digits === 0 || (digits > 1 && this.#json[start] === 0x30) ? -1 : value;
  }

  #grow(): void {
    const wider = <T extends Uint8Array | Uint32Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.#ids = wider(this.#ids, new Uint8Array(this.#ids.length * 2));
    this.#isTree = wider(this.#isTree, new Uint8Array(this.#isTree.length * 2));
    this.#offsets = wider(this.#offsets, new Uint32Array(this.#offsets.length * 2));
    this.#lengths = wider(this.#lengths, new Uint32Array(this.#lengths.length * 2));
    this.#uncompressedLengths = wider(this.#uncompressedLengths, new Uint32Array(this.#uncompressedLengths.length * 2));
  }
}
