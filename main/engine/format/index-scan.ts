import type { PackId } from '../ids.ts';
import { JsonCursor } from './json-cursor.ts';

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
const NEWLINE = 0x0a;
const ID_BYTES = 32;
const MAX_UINT32 = 0xffff_ffff;

class Scan {
  readonly #json: JsonCursor;
  #ids = new Uint8Array(512 * ID_BYTES);
  #isTree = new Uint8Array(512);
  #offsets = new Uint32Array(512);
  #lengths = new Uint32Array(512);
  #uncompressedLengths = new Uint32Array(512);

  constructor(json: Uint8Array) {
    this.#json = new JsonCursor(json);
  }

  get isAtEnd(): boolean {
    this.#json.skipByte(NEWLINE);
    return this.#json.isAtEnd;
  }

  /** Passes over the text, if it is there. */
  skip(text: Uint8Array): boolean {
    return this.#json.skip(text);
  }

  skipId(): boolean {
    return this.#json.readId(this.#ids, 0);
  }

  /** From the pack's id, without its opening quote, to its closing brace. */
  pack(): PackColumns | undefined {
    if (!this.#json.readId(this.#ids, 0)) return undefined;
    const id = Buffer.from(this.#ids.buffer, 0, ID_BYTES).toString('hex') as PackId;
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
    if (!this.#json.readId(this.#ids, n * ID_BYTES) || !this.skip(TYPE)) return false;
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

  /** One that fits 32 bits; -1 for anything else. */
  #number(): number {
    const value = this.#json.readNumber();
    return value <= MAX_UINT32 ? value : -1;
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
