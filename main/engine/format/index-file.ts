import { giveBack } from '../give-back.ts';
import type { BlobId, PackId } from '../ids.ts';
import { JsonObject, parseJson } from './json-document.ts';
import { type BlobType, type PackBlobs, type PackEntry, PackHeaderBlobs } from './pack.ts';
import { packTextOf } from './pack-text.ts';

/** A pack to be named in an index. */
export interface StoredPack {
  readonly id: PackId;
  readonly blobs: PackBlobs;
  /** What an index file says of it (`encodeIndexPack`), where whoever made the pack wrote that down. */
  readonly indexText?: Uint8Array;
}

export interface IndexedPack extends StoredPack {
  readonly id: PackId;
  readonly blobs: readonly PackEntry[];
}

export interface IndexContent {
  readonly packs: readonly IndexedPack[];
  /** Ids of index files that this one replaced; informational only. */
  readonly supersedes: readonly string[];
}

/** The JSON text of an index file as UTF-8, with its final newline (format, section 7). */
export function encodeIndex(packs: readonly StoredPack[], supersedes: readonly string[] = []): Buffer<ArrayBuffer> {
  return joinIndex(packs.map(encodeIndexPack), supersedes);
}

/** What an index file says of one pack, for `joinIndex`. */
export function encodeIndexPack({ id, blobs }: StoredPack): Buffer<ArrayBuffer> {
  if (blobs instanceof PackHeaderBlobs) return packTextOf(id, blobs);
  const text = new TextBytes();
  text.add(`{"id":"${id}","blobs":[`);
  addBlobs(text, blobs);
  text.add(']}');
  return text.finish();
}

/** As `encodeIndex`, of packs that were encoded before. */
export function joinIndex(packs: readonly Uint8Array[], supersedes: readonly string[] = []): Buffer<ArrayBuffer> {
  const head = supersedes.length > 0 ? `{"supersedes":["${supersedes.join('","')}"],"packs":[` : '{"packs":[';
  const parts: Uint8Array[] = [Buffer.from(head, 'latin1')];
  for (const [position, pack] of packs.entries()) parts.push(...(position > 0 ? [COMMA] : []), pack);
  return Buffer.concat([...parts, Buffer.from(']}\n', 'latin1')]);
}

const COMMA = Buffer.from(',', 'latin1');

/**
 * Reads an index file's JSON text, also in the older form that is a bare list of packs.
 * @throws `repo/damaged` for anything that could hide a blob: an unknown type, an impossible number, a bad id
 */
export function decodeIndex(text: string): IndexContent {
  const document = parseJson(text, WHAT);
  if (document === null) return { packs: [], supersedes: [] };
  if (Array.isArray(document)) return { packs: document.map(packOf), supersedes: [] };
  const fields = new JsonObject(document, WHAT);
  return {
    packs: (fields.list('packs') ?? []).map(packOf),
    supersedes: (fields.texts('supersedes') ?? []).map((id) => id.toLowerCase()),
  };
}

const WHAT = 'index file';
const MAX_UINT32 = 0xffff_ffff;
const LOWER_CASE_ID = /^[0-9a-f]{64}$/;

function addBlobs(text: TextBytes, blobs: Iterable<PackEntry>): void {
  let separator = '';
  for (const { id, type, offset, length, uncompressedLength } of blobs) {
    const full = uncompressedLength > 0 ? `,"uncompressed_length":${uncompressedLength}` : '';
    text.add(`${separator}{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${full}}`);
    separator = ',';
  }
}

/** Text gathered as bytes, part by part: as one growing string, an index would take many times its size. */
class TextBytes {
  readonly #full: Buffer[] = [];
  #part = Buffer.allocUnsafeSlow(TEXT_PART_BYTES);
  #used = 0;

  /** ASCII only. */
  add(text: string): void {
    if (this.#used + text.length > this.#part.length) {
      this.#full.push(this.#part.subarray(0, this.#used));
      this.#part = Buffer.allocUnsafeSlow(Math.max(TEXT_PART_BYTES, text.length));
      this.#used = 0;
    }
    this.#used += this.#part.write(text, this.#used, 'latin1');
  }

  finish(): Buffer<ArrayBuffer> {
    const parts = [...this.#full, this.#part.subarray(0, this.#used)];
    const bytes = Buffer.concat(parts);
    for (const { buffer } of parts) giveBack(new Uint8Array(buffer));
    return bytes;
  }
}

const TEXT_PART_BYTES = 256 * 1024;

function packOf(value: unknown): IndexedPack {
  const fields = new JsonObject(value, WHAT);
  const id = fields.id('id');
  if (id === undefined) throw fields.missing('pack id');
  return { id: id as PackId, blobs: (fields.list('blobs') ?? []).map(blobOf) };
}

interface BlobFields {
  readonly id: string;
  readonly type: BlobType;
  readonly offset: number;
  readonly length: number;
  readonly uncompressed_length?: number;
}

function blobOf(value: unknown): PackEntry {
  if (!isUsualBlob(value)) return unusualBlobOf(value);
  const { id, type, offset, length, uncompressed_length: uncompressedLength = 0 } = value;
  return { type, id: id as BlobId, offset, length, uncompressedLength };
}

/** A blob as restic and we write it, so that the hundreds of thousands of an index are read without detours. */
function isUsualBlob(value: unknown): value is BlobFields {
  if (typeof value !== 'object' || value === null) return false;
  const { id, type, offset, length, uncompressed_length: full = 0 } = value as Partial<Record<string, unknown>>;
  return (
    typeof id === 'string' &&
    LOWER_CASE_ID.test(id) &&
    (type === 'data' || type === 'tree') &&
    isUint32(offset) &&
    isUint32(length) &&
    isUint32(full)
  );
}

function isUint32(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_UINT32;
}

function unusualBlobOf(value: unknown): PackEntry {
  const fields = new JsonObject(value, WHAT);
  const id = fields.id('id');
  const type = fields.text('type');
  if (id === undefined) throw fields.missing('blob id');
  if (type !== 'data' && type !== 'tree') throw fields.damaged('names a blob of unknown type');
  return {
    type,
    id: id as BlobId,
    offset: fields.count('offset', MAX_UINT32) ?? 0,
    length: fields.count('length', MAX_UINT32) ?? 0,
    uncompressedLength: fields.count('uncompressed_length', MAX_UINT32) ?? 0,
  };
}
