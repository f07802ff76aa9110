import { TriplicateError } from '../errors.ts';
import { type PackHeaderBlobs, PackHeaderRows } from './pack.ts';

/**
 * What an index file says of a pack (format, section 7), byte for byte as by way of entries, straight from the pack's header:
 * of a small files' backup this is a megabyte for each pack, and a string for each part of it takes eight times as long.
 * @throws `repo/damaged`; `internal` when the header has another number of blobs
 */
export function packTextOf(id: string, { header, length: blobCount }: PackHeaderBlobs): Buffer<ArrayBuffer> {
  const head = Buffer.from(`{"id":"${id}","blobs":[`, 'latin1');
  const text = Buffer.allocUnsafeSlow(head.length + blobCount * MOST_BLOB_BYTES + 2);
  let at = put(text, 0, head);
  const rows = new PackHeaderRows(header);
  let blobs = 0;
  for (; rows.next(); blobs++) {
    if (blobs > 0) text[at++] = COMMA;
    at = putHex(text, put(text, at, ID), header, rows.idAt);
    at = put(text, at, rows.isTree ? TREE : DATA);
    at = putNumber(text, at, rows.offset);
    at = putNumber(text, put(text, at, LENGTH), rows.length);
    if (rows.uncompressedLength > 0) at = putNumber(text, put(text, at, FULL_LENGTH), rows.uncompressedLength);
    text[at++] = BRACE;
  }
  // There is room for as many only: what is written behind the end of an array is lost without a word.
  if (blobs !== blobCount) throw new TriplicateError('internal', `A pack of ${blobCount} blobs has ${blobs}.`);
  return text.subarray(0, put(text, at, END));
}

const [ID, DATA, TREE, LENGTH, FULL_LENGTH, END] = [
  '{"id":"',
  '","type":"data","offset":',
  '","type":"tree","offset":',
  ',"length":',
  ',"uncompressed_length":',
  ']}',
].map((part) => Buffer.from(part, 'latin1')) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
const [COMMA, BRACE, ZERO] = [0x2c, 0x7d, 0x30];
const HEX = Buffer.from('0123456789abcdef', 'latin1');
const ID_BYTES = 32;
/** No number of the format has more: they are below 2^32. */
const MOST_DIGITS = 10;
const MOST_BLOB_BYTES =
  1 + ID.length + 2 * ID_BYTES + DATA.length + LENGTH.length + FULL_LENGTH.length + 3 * MOST_DIGITS + 1;

/** Each gives where what it put ends. A loop, because a call of `set` costs more than these few bytes. */
function put(text: Buffer, at: number, part: Buffer): number {
  for (let i = 0; i < part.length; i++) text[at + i] = part[i] as number;
  return at + part.length;
}

function putHex(text: Buffer, at: number, bytes: Uint8Array, from: number): number {
  for (let i = 0; i < ID_BYTES; i++) {
    const byte = bytes[from + i] as number;
    text[at + 2 * i] = HEX[byte >>> 4] as number;
    text[at + 2 * i + 1] = HEX[byte & 15] as number;
  }
  return at + 2 * ID_BYTES;
}

/** A whole number below 2^32. */
function putNumber(text: Buffer, at: number, value: number): number {
  let end = at + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  let rest = value;
  for (let digit = end - 1; digit >= at; digit--) {
    const tens = Math.floor(rest / 10);
    text[digit] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}
