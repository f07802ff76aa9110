import { type BigIntStats, constants, lstatSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { permissionsOf } from '../format/mode.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { hexSha256 } from '../repository/sha256.ts';
import { fileError, systemCode } from '../store/file-errors.ts';
import { contentLength, type MeasuredLengths } from './content.ts';
import type { RestoreNode } from './request.ts';

/** What is at a path, without following a link; undefined when nothing is, or nothing that we may see: writing there says so. */
export function statAt(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (systemCode(error) === 'EACCES') return undefined;
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

async function hasSameBytes(
  path: Buffer,
  node: RestoreNode,
  index: BlobIndex,
  measured: MeasuredLengths,
): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (!file) return false;
  try {
    let position = 0;
    for (const id of node.content ?? []) {
      const blob = index.numberOf('data', id);
      if (blob === -1) return false;
      const length = contentLength(index, blob, measured);
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(buffer, 0, length, position);
      if (bytesRead !== length || hexSha256(buffer) !== id) return false;
      position += length;
    }
    return position === node.size;
  } finally {
    await file.close();
  }
}
