/**
 * Bulk data that passes by the system's cache (`O_DIRECT`). What a backup writes and a restore reads is used once: in the
 * cache it pushes out what the person works with, and there it costs a fresh page for every 4 kB (measured on a virtual
 * machine: 2.1 s of processor time for each GB written, 0.05 s without). Only a hint: where the file system, the system or
 * the memory does not allow it, the same bytes go the ordinary way.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { isBulkMemory } from './bulk-memory.ts';
import { systemCode } from './file-errors.ts';
import { BTRFS, EXT, OVERLAY, XFS } from './file-system-types.ts';

/** What offsets, lengths and addresses are a multiple of; no file system of today asks for more. */
export const BLOCK_BYTES = 4096;
/** A smaller transfer waits longer for the disk than the cache costs. */
export const WORTH_BYTES = 1024 * 1024;

const DIRECT = constants.O_DIRECT as number | undefined;
/** What systems say that cannot do it, at the first transfer. */
const CANNOT = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
/**
 * The kinds of file systems (statfs(2)) that are written to and read this way: those on which it was tried. Others take the
 * flag and mean something else by it: rclone's mount knows one writer a file, and lets the second begin before it fails.
 */
const DIRECT_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  EXT,
  XFS,
  BTRFS,
  // The one below refuses what it cannot do.
  OVERLAY,
]);

/**
 * Whether files on a file system can be used past the system's cache, as far as is known before the first try.
 * @param type as statfs(2) names it
 */
export function allowsDirectFiles(type: number): boolean {
  return DIRECT !== undefined && DIRECT_FILE_SYSTEMS.has(type);
}

/**
 * Writes the whole blocks at the beginning of `bytes` to a place in an existing file that is a multiple of `BLOCK_BYTES`, never
 * through a link. Gives how many bytes that were: the rest, or all when it is 0, is left to the caller.
 * @throws what the system says, `ENOSPC` among it
 */
export async function writeBlocks(path: string | Buffer, bytes: Uint8Array, position = 0): Promise<number> {
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  if (!isFit(bytes, whole)) return 0;
  return withDirectFile(path, constants.O_WRONLY | constants.O_NOFOLLOW, async (handle) => {
    let written = 0;
    while (written < whole) {
      const { bytesWritten } = await handle.write(bytes, written, whole - written, position + written);
      written += bytesWritten;
      // The system stopped in the middle of a block, as a full disk makes it do: the ordinary way says why.
      if (bytesWritten === 0 || written % BLOCK_BYTES !== 0) break;
    }
    return written - (written % BLOCK_BYTES);
  });
}

/**
 * Reads a part of a file into `room`, which begins at a block and has two blocks more than the part. Gives the part as a view
 * of it; undefined when it has to be read the ordinary way, which also says why when there is less of it.
 */
export async function readBlocks(
  path: string,
  part: { readonly offset: number; readonly length: number },
  room: Uint8Array,
): Promise<Uint8Array | undefined> {
  const head = part.offset % BLOCK_BYTES;
  const whole = Math.ceil((head + part.length) / BLOCK_BYTES) * BLOCK_BYTES;
  if (part.length < WORTH_BYTES || whole > room.length || !isFit(room, whole)) return undefined;
  const end = await withDirectFile(path, constants.O_RDONLY, async (handle) => {
    let filled = 0;
    while (filled < whole) {
      const { bytesRead } = await handle.read(room, filled, whole - filled, part.offset - head + filled);
      filled += bytesRead;
      // The end of the file, where a block may be short; or something is wrong.
      if (bytesRead === 0 || filled % BLOCK_BYTES !== 0) break;
    }
    return filled;
  });
  return end < head + part.length ? undefined : room.subarray(head, head + part.length);
}

function isFit(bytes: Uint8Array, whole: number): boolean {
  return DIRECT !== undefined && whole >= WORTH_BYTES && isBulkMemory(bytes) && bytes.byteOffset % BLOCK_BYTES === 0;
}

/** 0 when the file cannot be used this way. */
async function withDirectFile(
  path: string | Buffer,
  flags: number,
  work: (handle: FileHandle) => Promise<number>,
): Promise<number> {
  const handle = await openDirect(path, flags);
  if (!handle) return 0;
  try {
    return await work(handle);
  } catch (error) {
    if (!CANNOT.has(systemCode(error) ?? '')) throw error;
    return 0;
  } finally {
    await handle.close();
  }
}

/** Undefined when it is not to be had: nothing has been done then, and the ordinary way says what is wrong if it is so there. */
async function openDirect(path: string | Buffer, flags: number): Promise<FileHandle | undefined> {
  try {
    const { type } = await statfs(path);
    return allowsDirectFiles(type) ? await open(path, flags | (DIRECT ?? 0)) : undefined;
  } catch {
    return undefined;
  }
}
