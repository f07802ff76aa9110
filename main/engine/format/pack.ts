import { TriplicateError } from '../errors.ts';
import { giveBack } from '../give-back.ts';
import type { BlobId } from '../ids.ts';
import { SEAL_OVERHEAD } from './crypto.ts';

export type BlobType = 'data' | 'tree';

/** One blob in a pack file. Lengths and offsets in bytes. */
export interface PackEntry {
  readonly type: BlobType;
  readonly id: BlobId;
  readonly offset: number;
  /** Length of the sealed blob as it lies in the file. */
  readonly length: number;
  /** Length of the blob's content when it is compressed, 0 when it is stored raw. */
  readonly uncompressedLength: number;
}

/** All blobs of a pack: a list, or something that makes one when it is asked. */
export interface PackBlobs extends Iterable<PackEntry> {
  readonly length: number;
}

const RAW_ENTRY_BYTES = 37;
const COMPRESSED_ENTRY_BYTES = 41;
const ID_BYTES = 32;
const LENGTH_BYTES = 4;
const MAX_UINT32 = 0xffff_ffff;
/** restic's limit; a header that claims more is not read. */
export const MAX_PACK_HEADER_BYTES = 16 * 1024 * 1024;
/** What a header adds beyond its entries: its seal and the length behind it. */
export const PACK_HEADER_OVERHEAD = SEAL_OVERHEAD + LENGTH_BYTES;

/** Size of a blob's entry in the header. */
export function packEntrySize(uncompressedLength: number): number {
  return uncompressedLength > 0 ? COMPRESSED_ENTRY_BYTES : RAW_ENTRY_BYTES;
}

/** Size of the header's plaintext. */
export function packHeaderSize(entries: readonly PackEntry[]): number {
  let size = 0;
  for (const entry of entries) size += entrySize(entry);
  return size;
}

/** Size of the whole pack file that holds exactly these blobs. */
export function packFileSize(entries: readonly PackEntry[]): number {
  let size = packHeaderSize(entries) + PACK_HEADER_OVERHEAD;
  for (const entry of entries) size += entry.length;
  return size;
}

/** The header's plaintext (format, section 6). `entries`: in the order of the file, without gaps. */
export function encodePackHeader(entries: readonly PackEntry[]): Uint8Array<ArrayBuffer> {
  const header = new PackHeader();
  const id = Buffer.alloc(ID_BYTES);
  let offset = 0;
  for (const entry of entries) {
    if (entry.offset !== offset) throw new TriplicateError('internal', 'Blobs of a pack must lie without gaps.');
    offset += entry.length;
    if (id.write(entry.id, 'hex') !== ID_BYTES) throw new TriplicateError('internal', 'Not a blob id.');
    header.add({ ...entry, id });
  }
  return header.finish();
}

/** The plaintext of a header while its pack is filled: 41 bytes a blob, where a list of entries would take 200. */
export class PackHeader {
  #bytes = Buffer.allocUnsafeSlow(64 * COMPRESSED_ENTRY_BYTES);
  #used = 0;
  #blobs = 0;
  #offset = 0;

  get blobCount(): number {
    return this.#blobs;
  }

  /** What has been added, in memory of its own; the header is done after that. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = Buffer.allocUnsafeSlow(this.#used);
    this.#bytes.copy(bytes, 0, 0, this.#used);
    giveBack(this.#bytes);
    return bytes;
  }

  /** The blob that follows the one before; `id`: 32 bytes. */
  add(blob: Omit<PackEntry, 'id' | 'offset'> & { readonly id: Uint8Array }): void {
    const { type, id, length, uncompressedLength } = blob;
    if (!fitsFormat(blob)) throw new TriplicateError('internal', 'The length of a blob does not fit the format.');
    if (id.length !== ID_BYTES) throw new TriplicateError('internal', 'Not a blob id.');
    this.#offset += length;
    if (this.#offset > MAX_UINT32) throw new TriplicateError('internal', 'A pack may not exceed 4 GiB.');
    if (this.#used + COMPRESSED_ENTRY_BYTES > this.#bytes.length) this.#grow();
    const compressed = uncompressedLength > 0;
    this.#bytes[this.#used] = (type === 'tree' ? 1 : 0) + (compressed ? 2 : 0);
    let at = this.#bytes.writeUInt32LE(length, this.#used + 1);
    if (compressed) at = this.#bytes.writeUInt32LE(uncompressedLength, at);
    this.#bytes.set(id, at);
    this.#used = at + ID_BYTES;
    this.#blobs++;
  }

  #grow(): void {
    const wider = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
    this.#bytes.copy(wider);
    giveBack(this.#bytes);
    this.#bytes = wider;
  }
}

/** The blobs of a pack, read off the plaintext of its header each time they are asked for. */
export class PackHeaderBlobs implements PackBlobs {
  readonly header: Uint8Array;
  readonly length: number;

  constructor(header: Uint8Array, blobCount: number) {
    this.header = header;
    this.length = blobCount;
  }

  *[Symbol.iterator](): Generator<PackEntry> {
    yield* entriesOf(this.header);
  }
}

/**
 * Steps through an unsealed header without an object for each blob: after `next` has said that there is one, the fields
 * describe it. Offsets are the running sum of lengths.
 */
export class PackHeaderRows {
  isTree = false;
  /** Where the 32 bytes of its id lie in the header. */
  idAt = 0;
  offset = 0;
  length = 0;
  uncompressedLength = 0;
  readonly #header: Uint8Array;
  readonly #numbers: DataView;
  #at = 0;

  constructor(header: Uint8Array) {
    this.#header = header;
    this.#numbers = new DataView(header.buffer, header.byteOffset, header.byteLength);
  }

  /** @throws `repo/damaged` */
  next(): boolean {
    const at = this.#at;
    if (at >= this.#header.length) return false;
    const kind = this.#header[at] ?? 0;
    if (kind > 3) throw damaged(`A pack header names the unknown blob type ${kind}.`);
    const end = at + (kind >= 2 ? COMPRESSED_ENTRY_BYTES : RAW_ENTRY_BYTES);
    if (end > this.#header.length) throw damaged('A pack header ends within an entry.');
    this.offset += this.length;
    this.isTree = kind % 2 === 1;
    this.idAt = end - ID_BYTES;
    this.length = this.#numbers.getUint32(at + 1, true);
    this.uncompressedLength = kind >= 2 ? this.#numbers.getUint32(at + 5, true) : 0;
    // 0 would mean "raw" everywhere else: such a blob can be read by nobody.
    if (kind >= 2 && this.uncompressedLength === 0) throw damaged('A pack header names an empty compressed blob.');
    if (!fitsFormat(this)) throw damaged('A pack header names a blob of impossible length.');
    this.#at = end;
    return true;
  }
}

/** The entries of an unsealed header; offsets are the running sum of lengths. @throws `repo/damaged` */
export function parsePackHeader(plain: Uint8Array): PackEntry[] {
  const entries = [...entriesOf(plain)];
  if (entries.length === 0) throw damaged('A pack header is empty.');
  const last = entries.at(-1) as PackEntry;
  if (last.offset + last.length > MAX_UINT32) throw damaged('A pack header describes more than 4 GiB.');
  return entries;
}

/** Length of the sealed header, from the last four bytes of a pack file of `fileSize` bytes. @throws `repo/damaged` */
export function readPackHeaderLength(last4: Uint8Array, fileSize?: number): number {
  if (last4.length !== LENGTH_BYTES) throw damaged('A pack file is too short.');
  const length = new DataView(last4.buffer, last4.byteOffset, LENGTH_BYTES).getUint32(0, true);
  const plain = length - SEAL_OVERHEAD;
  if (plain < RAW_ENTRY_BYTES || plain > MAX_PACK_HEADER_BYTES || length + LENGTH_BYTES > (fileSize ?? Infinity)) {
    throw damaged(`A pack file claims a header of ${length} bytes.`);
  }
  return length;
}

/** The four bytes that end a pack file. */
export function encodePackHeaderLength(sealedHeaderLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LENGTH_BYTES);
  new DataView(bytes.buffer).setUint32(0, sealedHeaderLength, true);
  return bytes;
}

/** Holds when the blobs lie one after the other from 0 and fill the file together with their header. @throws `repo/damaged` */
export function checkPackLayout(entries: readonly PackEntry[], fileSize: number): void {
  let offset = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset !== offset) throw damaged(`A pack has a gap or an overlap at ${offset}.`);
    if (!fitsFormat(entry)) throw damaged(`A pack entry has impossible lengths at ${offset}.`);
    offset += entry.length;
  }
  const expected = packFileSize(entries);
  if (entries.length === 0 || expected !== fileSize) {
    throw damaged(`A pack file has ${fileSize} bytes; its entries make ${expected}.`);
  }
}

function* entriesOf(plain: Uint8Array): Generator<PackEntry> {
  const header = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  const rows = new PackHeaderRows(plain);
  while (rows.next()) {
    const { isTree, idAt, offset, length, uncompressedLength } = rows;
    const id = header.toString('hex', idAt, idAt + ID_BYTES) as BlobId;
    yield { type: isTree ? 'tree' : 'data', id, offset, length, uncompressedLength };
  }
}

function entrySize(entry: PackEntry): number {
  return packEntrySize(entry.uncompressedLength);
}

function fitsFormat({ length, uncompressedLength }: Pick<PackEntry, 'length' | 'uncompressedLength'>): boolean {
  return (
    Number.isSafeInteger(length) &&
    length >= SEAL_OVERHEAD &&
    length <= MAX_UINT32 &&
    Number.isSafeInteger(uncompressedLength) &&
    uncompressedLength >= 0 &&
    uncompressedLength <= MAX_UINT32
  );
}

function damaged(message: string): TriplicateError {
  return new TriplicateError('repo/damaged', message);
}
