import { linkSync, renameSync } from 'node:fs';
import { isWritten } from './plan.ts';
import type { PlannedEntry } from './request.ts';
import { removeQuietly } from './write-file.ts';

export interface LinkPlan {
  /** Files that get content of their own. */
  readonly files: readonly PlannedEntry[];
  /** Files that become another name of a file. */
  readonly links: readonly { readonly entry: PlannedEntry; readonly leader: PlannedEntry }[];
}

/**
 * Finds the names that were one file (format, section 9.2): same inode and device, and, because a wrong inode in a
 * snapshot must never cost content, the same content.
 */
export function planLinks(entries: readonly PlannedEntry[]): LinkPlan {
  const leaders = new Map<string, PlannedEntry>();
  const files: PlannedEntry[] = [];
  const links: { entry: PlannedEntry; leader: PlannedEntry }[] = [];
  for (const entry of entries) {
    if (entry.node.type !== 'file') continue;
    const key = linkKey(entry);
    const leader = key === undefined ? undefined : leaders.get(key);
    if (isWritten(entry.action)) {
      if (leader) links.push({ entry, leader });
      else files.push(entry);
    }
    if (key !== undefined && !leader && entry.action !== 'kept') leaders.set(key, entry);
  }
  return { files, links };
}

function linkKey({ node }: PlannedEntry): string | undefined {
  if (node.links < 2 || node.inode === 0n || node.deviceId === 0n) return undefined;
  return `${node.deviceId} ${node.inode} ${node.size} ${(node.content ?? []).join('')}`;
}

/** Gives a file another name; a replaced one disappears only when the link stands. */
export function makeLink(leader: Buffer, path: Buffer, temporary: Buffer, existing: 'expected' | 'none'): void {
  if (existing === 'none') return linkSync(leader, path);
  linkSync(leader, temporary);
  try {
    renameSync(temporary, path);
  } finally {
    // Renaming onto another name of the same file does nothing and leaves both.
    removeQuietly(temporary);
  }
}
