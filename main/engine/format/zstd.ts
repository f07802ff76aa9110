import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { TriplicateError } from '../errors.ts';

/** restic's default; higher levels cost far more time than they save on files as people have them. */
const DEFAULT_LEVEL = 3;

/** One zstd frame (format, section 13). */
export function compress(plain: Uint8Array, level: number = DEFAULT_LEVEL): Uint8Array<ArrayBuffer> {
  if (level === DEFAULT_LEVEL) return zstdCompressSync(plain);
  return zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/**
 * The content of one or several zstd frames, which must be `expectedLength` bytes: a wrong length would shift
 * everything behind it when a file is put together.
 * @throws `repo/damaged`
 */
export function decompress(compressed: Uint8Array, expectedLength: number): Uint8Array<ArrayBuffer> {
  const plain = decompressBounded(compressed, expectedLength);
  if (plain.length !== expectedLength) {
    throw new TriplicateError('repo/damaged', `Compressed data holds ${plain.length}, not ${expectedLength} bytes.`);
  }
  return plain;
}

/** As `decompress`, when only an upper bound of the length is known. @throws `repo/damaged` */
export function decompressBounded(compressed: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
  try {
    return zstdDecompressSync(compressed, { maxOutputLength: Math.max(1, maxLength) });
  } catch (error) {
    throw new TriplicateError('repo/damaged', 'Compressed data cannot be decompressed.', { cause: error });
  }
}
