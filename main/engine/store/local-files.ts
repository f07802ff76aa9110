import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TriplicateError } from '../errors.ts';
import { readBlocks, writeBlocks } from './direct-files.ts';
import { systemCode } from './file-errors.ts';
import type { ByteRange } from './store.ts';

/** Ranges up to this length are read without asking for the size first. */
const UNASKED_BYTES = 32 * 1024 * 1024;
/** Node ends the whole process when one read is longer than 2 GiB. */
const MOST_AT_ONCE = 1024 ** 3;

/** Reads a file, or a range of it, into a buffer of its own; fewer bytes than promised are `store/corrupt`. */
export async function readWhole(path: string, range?: ByteRange): Promise<Uint8Array> {
  if (range?.room) {
    const bytes = await readBlocks(path, range, range.room);
    if (bytes) return bytes;
  }
  const handle = await open(path, 'r');
  try {
    const length = range?.length ?? (await handle.stat()).size;
    // A damaged index can ask for gigabytes of a small file: they are not even made room for.
    if (range && length > UNASKED_BYTES) {
      const { size } = await handle.stat();
      if (range.offset + length > size) throw tooShort(path, range, length, Math.max(0, size - range.offset));
    }
    const { room } = range ?? {};
    // Slow = not cut from the shared pool, so that the caller may transfer it to another thread.
    const bytes = room && room.length >= length ? room.subarray(0, length) : Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const step = Math.min(length - filled, MOST_AT_ONCE);
      const { bytesRead } = await handle.read(bytes, filled, step, (range?.offset ?? 0) + filled);
      if (bytesRead === 0) throw tooShort(path, range, length, filled);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Writes a new file (mode 0600) and forces it to the disk; fails when the name exists. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    const written = await writeBlocks(path, bytes);
    await writeAll(handle, bytes.subarray(written), written);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes all of the bytes to a place in the file; the system may take them in parts. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

/** What file systems say that cannot force a folder to the disk (FAT, some network and Windows ones). */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EBADF', 'ENOSYS']);

/** Forces the entries of a folder to the disk, where the file system can. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!CANNOT_SYNC.has(systemCode(error) ?? '')) throw error;
  }
}

/**
 * Makes a folder and what is missing above it, so that all of it is there after a power cut. One that is there is kept. Not by
 * Node's `recursive`: see `makeFolder`. @throws the system's error
 */
export async function makeFolderDurably(path: string, mode: number): Promise<void> {
  if (await isFolder(path)) return;
  const above = dirname(resolve(path));
  if (above !== resolve(path)) await makeFolderDurably(above, mode);
  await mkdir(path, { mode }).catch(async (error: unknown) => {
    // Another program may have been quicker.
    if (!(await isFolder(path))) throw error;
  });
  // It lasts when the folder that names it was forced to the disk, for which that has to be readable.
  await syncFolder(above).catch((error: unknown) => {
    if (systemCode(error) !== 'EACCES') throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function tooShort(path: string, range: ByteRange | undefined, wanted: number, got: number): TriplicateError {
  return new TriplicateError('store/corrupt', `${path} is shorter than it must be.`, {
    data: { path, offset: range?.offset ?? 0, wanted, got },
  });
}
