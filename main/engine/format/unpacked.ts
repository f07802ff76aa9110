import { TriplicateError } from '../errors.ts';
import { compressForNow, decompressBounded } from './zstd.ts';

/** First byte of a compressed document (format, section 5). */
const ZSTD_DOCUMENT = 0x02;
const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;

/** JSON of index files shrinks to about half, so even a hundredfold is not something that a program wrote. */
const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024;
const MAX_RATIO = 1000;
/** Most of an index are ids, which are random: a higher level of zstd takes twice as long, and finds no more. */
const LEVEL = 1;

/** The plaintext of an index, snapshot or lock file, ready to be sealed. */
export function encodeUnpacked(json: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const compressed = compressForNow(typeof json === 'string' ? Buffer.from(json, 'utf8') : json, LEVEL);
  const plain = Buffer.allocUnsafeSlow(compressed.length + 1);
  plain[0] = ZSTD_DOCUMENT;
  plain.set(compressed, 1);
  return plain;
}

/** The JSON text of an unsealed index, snapshot or lock file, compressed or not. @throws `repo/damaged` */
export function decodeUnpacked(plain: Uint8Array): string {
  const bytes = unpackedBytes(plain);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** As `decodeUnpacked`, as UTF-8: the text of an index file can be a hundred megabytes. @throws `repo/damaged` */
export function unpackedBytes(plain: Uint8Array): Uint8Array {
  const first = plain[0];
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return plain;
  if (first !== ZSTD_DOCUMENT) {
    throw new TriplicateError('repo/damaged', 'The file is neither JSON nor compressed JSON.');
  }
  const bound = Math.min(MAX_DOCUMENT_BYTES, Math.max(1 << 20, plain.length * MAX_RATIO));
  return decompressBounded(plain.subarray(1), bound);
}
