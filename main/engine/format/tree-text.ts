import { TriplicateError } from '../errors.ts';
import { giveBack } from '../give-back.ts';
import { compareRanges } from './compare-ranges.ts';
import { jsonString } from './json-text.ts';
import { quoteName } from './name.ts';
import type { TimeWriter } from './time-writer.ts';
import { encodeNode, type TreeNode } from './tree.ts';
import { BRACKET_END, CLOSE, COMMA, CONTENT, EMPTY_CONTENT, NAME, OPEN } from './tree-layout.ts';

const QUOTE = 0x22;
const ZERO = 0x30;
const ID_BYTES = 32;
/** What an entry of a tree takes at most beside its name, its owners and the ids of its content: keys, numbers, three times. */
const ENTRY_BYTES = 512;
const NINE_DIGITS = 1_000_000_000;
const TWO_32 = 2 ** 32;
const SMALLEST_ROOM = 64 * 1024;
/** Trees of this size and more are rare; the memory for them is not kept. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** Takes the text of a tree part by part, as it is written. */
export interface TreeTextSink {
  /** What comes next; it stands until the call returns. */
  part(bytes: Uint8Array): void;
}

/**
 * The plaintext of a tree blob while it is written, byte for byte as restic writes it (format, section 8): its SHA-256 is the
 * tree's id. Entries come as nodes, or field by field from columns of numbers; strictly ascending by raw name.
 */
export class TreeText {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST_ROOM);
  #length = 0;
  #sink: TreeTextSink | null = null;
  /** Where the name of the entry before lies. */
  #names: Uint8Array = new Uint8Array();
  #nameStart = 0;
  #nameEnd = 0;
  #entries = 0;

  /**
   * Begins another tree.
   * @param expected its bytes, as far as they can be guessed: a large tree is then not copied as it grows
   * @param sink gets the text, none of which stays here
   */
  begin(expected = 0, sink: TreeTextSink | null = null): void {
    this.#length = 0;
    this.#sink = sink;
    this.#entries = 0;
    this.#names = new Uint8Array();
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(SMALLEST_ROOM);
    this.#makeRoom(Math.max(sink ? 0 : expected, OPEN.length));
    this.raw(OPEN);
  }

  node(node: TreeNode): void {
    this.#beginEntry(node.name, 0, node.name.length);
    const text = encodeNode(node);
    // A character of a string takes three bytes at most.
    this.#makeRoom(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /**
   * Entries of another tree as they stand in its text, from `start` to `end`, with commas between them.
   * @param names where the names of the first and the last of them lie in that text
   */
  entries(
    tree: Uint8Array,
    start: number,
    end: number,
    names: { readonly first: readonly [number, number]; readonly last: readonly [number, number] },
  ): void {
    this.#beginEntry(tree, ...names.first);
    if (this.#sink) {
      this.#passOn(this.#sink);
      this.#sink.part(tree.subarray(start, end));
    } else {
      this.#makeRoom(end - start);
      this.#bytes.set(tree.subarray(start, end), this.#length);
      this.#length += end - start;
    }
    [this.#nameStart, this.#nameEnd] = names.last;
  }

  /**
   * Begins an entry whose fields follow one by one, by its name and what comes before that. The name stands in `names` until the
   * next entry begins.
   * @param more room that the entry needs beyond what its numbers and times do
   */
  name(names: Uint8Array, start: number, end: number, more = 0): void {
    this.#beginEntry(names, start, end);
    this.#makeRoom(ENTRY_BYTES + end - start + more);
    this.raw(NAME);
    const begun = this.#length;
    const bytes = this.#bytes;
    for (let at = start; at < end; at++) {
      const byte = names[at] as number;
      if (!isPlain(byte)) {
        this.#length = begun - 1;
        return this.#escapedName(names.subarray(start, end), more);
      }
      bytes[this.#length++] = byte;
    }
  }

  /** Bytes that fit into what `name` made room for. */
  raw(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) this.#bytes[this.#length++] = bytes[at] as number;
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  /** A key and a whole number from 0 up to 2^53. */
  number(key: Uint8Array, value: number): void {
    this.raw(key);
    this.#digits(value);
  }

  /** As `number`, of an unsigned number of 64 bits. */
  largeNumber(key: Uint8Array, low: number, high: number): void {
    if (high < 2 ** 21) return this.number(key, high * TWO_32 + low);
    this.raw(key);
    this.raw(Buffer.from(((BigInt(high) << 32n) | BigInt(low)).toString(), 'latin1'));
  }

  /** A key that ends with a quote, and an instant in quotes. */
  time(key: Uint8Array, times: TimeWriter, seconds: number, nanos: number): void {
    this.raw(key);
    this.#length = times.write(this.#bytes, this.#length, seconds, nanos);
    this.#bytes[this.#length++] = QUOTE;
  }

  /** The content of a file: `count` ids in `ids` from the one at the position `first` on. */
  content(ids: Uint8Array, first: number, count: number): void {
    this.#makeRoom(EMPTY_CONTENT.length + count * (2 * ID_BYTES + 3) + ENTRY_BYTES);
    if (count === 0) return this.raw(EMPTY_CONTENT);
    this.raw(CONTENT);
    for (let n = 0; n < count; n++) {
      if (n > 0) {
        this.#bytes[this.#length++] = COMMA;
        this.#bytes[this.#length++] = QUOTE;
      }
      this.#hex(ids, (first + n) * ID_BYTES);
      this.#bytes[this.#length++] = QUOTE;
    }
    this.#bytes[this.#length++] = BRACKET_END;
  }

  /** Ends the tree. */
  end(): void {
    this.#makeRoom(CLOSE.length);
    this.raw(CLOSE);
    if (this.#sink) this.#passOn(this.#sink);
    this.#sink = null;
  }

  /** What was written, where no sink got it; it stands until the next tree begins. */
  get bytes(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, and with it the memory in which it lies, of which it may be a part. */
  take(): Buffer<ArrayBuffer> {
    const { bytes } = this;
    this.#bytes = Buffer.allocUnsafeSlow(SMALLEST_ROOM);
    return bytes;
  }

  #escapedName(name: Uint8Array, more: number): void {
    const text = jsonString(quoteName(name));
    this.#makeRoom(ENTRY_BYTES + text.length * 3 + more);
    // What comes next begins with the closing quote.
    this.#length += this.#bytes.write(text, this.#length) - 1;
  }

  #beginEntry(names: Uint8Array, start: number, end: number): void {
    this.#makeRoom(1);
    if (this.#entries++ > 0) {
      if (compareRanges(this.#names, this.#nameStart, this.#nameEnd, names, start, end) >= 0) {
        throw new TriplicateError('internal', 'The entries of a tree must be sorted by name and unique.');
      }
      this.#bytes[this.#length++] = COMMA;
    }
    this.#names = names;
    this.#nameStart = start;
    this.#nameEnd = end;
  }

  #digits(value: number): void {
    if (value >= NINE_DIGITS) {
      const rest = value % NINE_DIGITS;
      this.#digits((value - rest) / NINE_DIGITS);
      return this.#padded(rest, 9);
    }
    let length = 1;
    for (let limit = 10; limit <= value; limit *= 10) length++;
    this.#padded(value, length);
  }

  /** @param value below 2^31 */
  #padded(value: number, length: number): void {
    const bytes = this.#bytes;
    let left = value | 0;
    for (let at = this.#length + length - 1; at >= this.#length; at--) {
      const rest = (left / 10) | 0;
      bytes[at] = ZERO + left - rest * 10;
      left = rest;
    }
    this.#length += length;
  }

  #hex(ids: Uint8Array, from: number): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let n = from; n < from + ID_BYTES; n++) {
      const byte = ids[n] as number;
      bytes[at++] = HEX[byte >> 4] as number;
      bytes[at++] = HEX[byte & 15] as number;
    }
    this.#length = at;
  }

  #passOn(sink: TreeTextSink): void {
    if (this.#length > 0) sink.part(this.bytes);
    this.#length = 0;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    if (this.#sink) this.#passOn(this.#sink);
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, needed));
    wider.set(this.#bytes.subarray(0, this.#length));
    giveBack(this.#bytes);
    this.#bytes = wider;
  }
}

const HEX = Buffer.from('0123456789abcdef', 'latin1');

/** Stands for itself in a name (format, section 8.3) and in JSON as restic writes it (section 8.2). */
function isPlain(byte: number): boolean {
  return (
    byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== 0x26 && byte !== 0x3c && byte !== 0x3e && byte !== 0x5c
  );
}

/**
 * The plaintext of a tree blob.
 * @param nodes strictly ascending by raw name
 */
export function encodeTree(nodes: Iterable<TreeNode>): Uint8Array<ArrayBuffer> {
  const text = new TreeText();
  text.begin();
  for (const node of nodes) text.node(node);
  text.end();
  return text.take();
}
