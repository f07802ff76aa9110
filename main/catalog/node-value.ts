import { createHash } from 'node:crypto';
import type { TreeNode } from '../engine/engine.ts';

/** What the catalog reads of an entry of a directory. */
export type CatalogNode = Pick<TreeNode, 'name' | 'type' | 'size' | 'mtime' | 'content' | 'linkTarget' | 'subtree'>;

export const TYPE = { file: 0, dir: 1, symlink: 2, other: 3 } as const;
export type TypeNumber = (typeof TYPE)[keyof typeof TYPE];
export const TYPE_NAMES = ['file', 'dir', 'symlink', 'other'] as const;

/** What stands at a path: two equal values are one span. */
export interface NodeValue {
  readonly type: TypeNumber;
  readonly size: number;
  /** Milliseconds since 1970, within the years that a date can show. */
  readonly mtime: number;
  /** 16 bytes that are equal for equal content; null for directories and devices. */
  readonly content: Uint8Array | null;
}

const FIRST_MS = -62_135_596_800_000n;
const LAST_MS = 253_402_300_799_000n;

export function nodeValue(node: CatalogNode): NodeValue {
  const type = node.type === 'file' || node.type === 'dir' || node.type === 'symlink' ? TYPE[node.type] : TYPE.other;
  const ms = node.mtime.ns / 1_000_000n;
  const mtime = Number(ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms);
  return { type, size: type === TYPE.file ? node.size : 0, mtime, content: contentOf(node) };
}

function contentOf({ type, content, linkTarget }: CatalogNode): Uint8Array | null {
  if (type === 'symlink')
    return createHash('sha256')
      .update('→')
      .update(linkTarget ?? '')
      .digest()
      .subarray(0, 16);
  if (type !== 'file') return null;
  const [only = '', more] = content ?? [];
  if (more === undefined) return Buffer.from(only.slice(0, 32), 'hex');
  return createHash('sha256')
    .update((content ?? []).join(''))
    .digest()
    .subarray(0, 16);
}

/** The same thing: what a person calls a version. Its times may differ. */
export function isSameContent(a: Omit<NodeValue, 'mtime'>, b: Omit<NodeValue, 'mtime'>): boolean {
  if (a.type !== b.type || a.size !== b.size) return false;
  if (a.content === null || b.content === null) return a.content === b.content;
  return Buffer.compare(a.content, b.content) === 0;
}

export function isSameValue(a: NodeValue, b: NodeValue): boolean {
  return a.mtime === b.mtime && isSameContent(a, b);
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Names as a person reads them; bytes that are not UTF-8 show as U+FFFD. */
export function nameText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
