import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { TriplicateError } from '../errors.ts';
import { ZstdContext } from './zstd-context.ts';

/** restic's default; higher levels cost far more time than they save on files as people have them. */
const DEFAULT_LEVEL = 3;
/** Outputs of this size and more are rare; the memory for them is not kept. */
const KEPT_BYTES = 9 * 1024 * 1024;

/**
 * zstd gives the memory of a context back and makes it anew when a large frame comes after many small ones, so that each kind
 * has a context of its own. From here on zstd works with other tables.
 */
const LARGE_BYTES = 256 * 1024;

const compressors = { small: new Map<number, ZstdContext>(), large: new Map<number, ZstdContext>() };
const decompressor = ZstdContext.decompressor();
let scratch = Buffer.allocUnsafeSlow(256 * 1024);

/** One zstd frame (format, section 13). */
export function compress(plain: Uint8Array, level: number = DEFAULT_LEVEL): Uint8Array<ArrayBuffer> {
  return Buffer.from(compressForNow(plain, level));
}

/** As `compress`; the bytes stand only until the next call, so that a blob on its way into a pack is not copied. */
export function compressForNow(plain: Uint8Array, level: number = DEFAULT_LEVEL): Uint8Array<ArrayBuffer> {
  const kind = compressors[plain.length > LARGE_BYTES ? 'large' : 'small'];
  let context = kind.get(level);
  if (!context) {
    context = ZstdContext.compressor(level);
    kind.set(level, context);
  }
  const output = roomFor(plain.length);
  const length = context.run(plain, output);
  if (length !== undefined) return output.subarray(0, length);
  return zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** Room for the largest frame that so many bytes can become (ZSTD_COMPRESSBOUND), and a byte that must stay free. */
function roomFor(plainLength: number): Buffer<ArrayBuffer> {
  return keptRoom(plainLength + (plainLength >>> 8) + 1024);
}

function keptRoom(needed: number): Buffer<ArrayBuffer> {
  if (scratch.length >= needed) return scratch;
  if (needed > KEPT_BYTES) return Buffer.allocUnsafeSlow(needed);
  scratch = Buffer.allocUnsafeSlow(Math.min(KEPT_BYTES, needed * 2));
  return scratch;
}

/**
 * The content of one or several zstd frames, which must be `expectedLength` bytes: a wrong length would shift
 * everything behind it when a file is put together.
 * @throws `repo/damaged`
 */
export function decompress(compressed: Uint8Array, expectedLength: number): Uint8Array<ArrayBuffer> {
  return decompressInto((length) => Buffer.allocUnsafe(length), compressed, expectedLength);
}

/** As `decompress`; the bytes stand only until the next call, so that much content needs little memory. */
export function decompressForNow(compressed: Uint8Array, expectedLength: number): Uint8Array<ArrayBuffer> {
  return decompressInto((length) => keptRoom(length).subarray(0, length), compressed, expectedLength);
}

/** As `decompress`, into the beginning of `target`, which has room for it: what lies behind it in its memory is not ours. */
export function decompressTo(target: Uint8Array, compressed: Uint8Array, expectedLength: number): Uint8Array {
  if (expectedLength > target.length) throw new TriplicateError('internal', 'No room for the content of a frame.');
  const place = Buffer.from(target.buffer, target.byteOffset, expectedLength);
  const plain = decompressInto(() => place, compressed, expectedLength);
  if (plain !== place) place.set(plain);
  return place;
}

function decompressInto<Place extends Uint8Array>(
  room: (length: number) => Place,
  compressed: Uint8Array,
  expectedLength: number,
): Place | Uint8Array<ArrayBuffer> {
  const plain = decompressWhole(room, compressed, expectedLength) ?? decompressBounded(compressed, expectedLength);
  if (plain.length !== expectedLength) {
    throw new TriplicateError('repo/damaged', `Compressed data holds ${plain.length}, not ${expectedLength} bytes.`);
  }
  return plain;
}

/** The usual case: one frame that gives just what is expected. Anything else is looked at more closely elsewhere. */
function decompressWhole<Place extends Uint8Array>(
  room: (length: number) => Place,
  compressed: Uint8Array,
  expectedLength: number,
): Place | undefined {
  if (expectedLength === 0 || isSkippable(compressed, 0) || frameEnd(compressed, 0) !== compressed.length)
    return undefined;
  // No room is made for more than the frame can hold, whatever the index says.
  if (expectedLength > Math.ceil(compressed.length / BLOCK_HEADER_BYTES) * BLOCK_BYTES) throw damaged();
  const plain = room(expectedLength);
  return decompressor.run(compressed, plain) === undefined ? undefined : plain;
}

/** As `decompress`, when only an upper bound of the length is known. @throws `repo/damaged` */
export function decompressBounded(compressed: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
  const end = frameEnd(compressed, 0);
  if (end === compressed.length && !isSkippable(compressed, 0)) return decompressFrame(compressed, maxLength);
  return decompressFrames(compressed, maxLength);
}

/** Node decompresses the first frame and passes over what follows, so that further ones are fed one by one. */
function decompressFrames(compressed: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let room = maxLength;
  for (let start = 0, end = 0; start < compressed.length; start = end) {
    end = frameEnd(compressed, start);
    if (isSkippable(compressed, start)) continue;
    const part = decompressFrame(compressed.subarray(start, end), room);
    parts.push(part);
    room -= part.length;
  }
  return Buffer.concat(parts);
}

/** Node gathers the plaintext in pieces of this size, and joins them. */
const SMALLEST_CHUNK = 16 * 1024;
const LARGEST_CHUNK = 8 * 1024 * 1024;

function decompressFrame(frame: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
  try {
    const chunkSize = Math.min(Math.max(frame.length * 4, SMALLEST_CHUNK), LARGEST_CHUNK);
    const plain = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, maxLength), chunkSize });
    if (plain.length <= maxLength) return plain;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged();
}

const MAGIC = 0xfd2fb528;
const BLOCK_HEADER_BYTES = 3;
/** The most that one block gives (RFC 8878, section 3.1.1.2.4). */
const BLOCK_BYTES = 128 * 1024;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Bytes of the content size by the two highest bits of the descriptor; a single segment has at least one. */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/** Where the frame that begins at `start` ends, from the lengths of its blocks (RFC 8878, section 3.1). */
function frameEnd(bytes: Uint8Array, start: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (isSkippable(bytes, start)) return checkedEnd(start + 8 + view.getUint32(start + 4, true), bytes);
    if (view.getUint32(start, true) !== MAGIC) throw damaged();
    const descriptor = view.getUint8(start + 4);
    const singleSegment = (descriptor & 0x20) !== 0;
    const sizeBytes = CONTENT_SIZE_BYTES[descriptor >> 6] as number;
    let at = start + 5 + (singleSegment ? Math.max(1, sizeBytes) : 1 + sizeBytes);
    at += DICTIONARY_ID_BYTES[descriptor & 3] as number;
    for (let last = false; !last; ) {
      const header = view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
      last = (header & 1) === 1;
      // A run-length block stores one byte, however long it is.
      at += 3 + ((header >> 1) % 4 === 1 ? 1 : header >> 3);
    }
    return checkedEnd((descriptor & 4) === 0 ? at : at + 4, bytes);
  } catch (cause) {
    throw damaged(cause);
  }
}

function isSkippable(bytes: Uint8Array, start: number): boolean {
  if (start + 8 > bytes.length) return false;
  const magic = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, true);
  return magic - (magic % 16) === SKIPPABLE_MAGIC;
}

function checkedEnd(end: number, bytes: Uint8Array): number {
  if (end > bytes.length) throw damaged();
  return end;
}

function damaged(cause?: unknown): TriplicateError {
  return new TriplicateError('repo/damaged', 'Compressed data cannot be decompressed.', { cause });
}
