import { type BigIntStats, closeSync, constants, lstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { permissionsOf } from '../format/mode.ts';
import type { BlobId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { hexSha256 } from '../repository/sha256.ts';
import { fileError, systemCode } from '../store/file-errors.ts';
import { contentLength, type MeasuredLengths } from './content.ts';
import type { RestoreNode } from './request.ts';

const UNSEEN = new Set(['EACCES', 'ENAMETOOLONG']);

/**
 * What is at a path, without following a link; undefined when there is nothing, nothing that we may see, or when no file system
 * has such a name: writing there says so.
 */
export function statAt(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (UNSEEN.has(systemCode(error) ?? '')) return undefined;
    throw fileError(error, 'look at', path.toString());
  }
}

/**
 * Whether what is there has the entry's content. For a file its bytes decide, not its time: damage and malware leave
 * times as they were, and this is when they must come to light.
 */
export async function hasSameContent(
  path: Buffer,
  found: BigIntStats,
  node: RestoreNode,
  index: BlobIndex,
  measured: MeasuredLengths,
): Promise<boolean> {
  switch (node.type) {
    case 'dir':
      return found.isDirectory();
    case 'symlink':
      return found.isSymbolicLink() && readlinkSync(path, 'buffer').equals(node.linkTarget ?? Buffer.alloc(0));
    case 'fifo':
      return found.isFIFO();
    case 'chardev':
      return found.isCharacterDevice() && found.rdev === BigInt(node.device ?? 0);
    case 'dev':
      return found.isBlockDevice() && found.rdev === BigInt(node.device ?? 0);
    case 'file':
      return found.isFile() && found.size === BigInt(node.size) && (await hasSameBytes(path, node, index, measured));
    default:
      return false;
  }
}

/** Whether anything but the content would be changed by restoring the entry. */
export function hasSameMetadata(found: BigIntStats, node: RestoreNode): boolean {
  const mode = (Number(found.mode) & 0o7777) === permissionsOf(node.mode) || node.type === 'symlink';
  const owner = found.uid === BigInt(node.uid) && found.gid === BigInt(node.gid);
  return mode && owner && found.mtimeNs === node.mtime.ns && (node.extendedAttributes ?? []).length === 0;
}

/** Up to this size a file is read at once: promises for each would take ten times as long as the reading. */
const SMALL_BYTES = 256 * 1024;
/** Never through a link, and never waiting for whoever writes into a pipe that took the file's place. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function hasSameBytes(
  path: Buffer,
  node: RestoreNode,
  index: BlobIndex,
  measured: MeasuredLengths,
): Promise<boolean> {
  if (node.size <= SMALL_BYTES) return hasSameBytesNow(path, node, index, measured);
  const file = await open(path, READ).catch(() => undefined);
  if (!file) return false;
  try {
    let position = 0;
    for (const id of node.content ?? []) {
      const buffer = roomFor(id, index, measured);
      if (!buffer) return false;
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead !== buffer.length || hexSha256(buffer) !== id) return false;
      position += buffer.length;
    }
    return position === node.size;
  } finally {
    await file.close();
  }
}

function hasSameBytesNow(path: Buffer, node: RestoreNode, index: BlobIndex, measured: MeasuredLengths): boolean {
  const file = openOrNone(path);
  if (file === undefined) return false;
  try {
    let position = 0;
    for (const id of node.content ?? []) {
      const buffer = roomFor(id, index, measured);
      if (!buffer || readSync(file, buffer, 0, buffer.length, position) !== buffer.length) return false;
      if (hexSha256(buffer) !== id) return false;
      position += buffer.length;
    }
    return position === node.size;
  } finally {
    closeSync(file);
  }
}

function openOrNone(path: Buffer): number | undefined {
  try {
    return openSync(path, READ);
  } catch {
    return undefined;
  }
}

function roomFor(id: BlobId, index: BlobIndex, measured: MeasuredLengths): Buffer | undefined {
  const blob = index.numberOf('data', id);
  return blob === -1 ? undefined : Buffer.allocUnsafe(contentLength(index, blob, measured));
}
