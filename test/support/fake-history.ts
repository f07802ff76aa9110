import type { HistoryEntry, SearchHit, TimelineMoment, Version } from '../../main/api/contract/history.ts';
import { asDestination, asFolder } from './fake-world.ts';

/** A made-up past: half a year of moments, a tree of files, some deleted since. Paths are their own keys. */

const DAY = 86_400_000;

export function moments(now: number): TimelineMoment[] {
  const list: TimelineMoment[] = [];
  let time = now - 4 * 60_000;
  for (let index = 0; time > now - 190 * DAY; index += 1) {
    const busy = (index * 37) % 11;
    list.push({
      id: `m-${index}`,
      time: new Date(time).toISOString(),
      copies: ['d-disk', 'd-cloud'].map((id) => ({
        destinationId: asDestination(id),
        snapshotId: String(index % 10).repeat(64),
      })),
      changes: { added: busy > 7 ? busy * 9 : busy % 3, changed: busy, removed: index % 6 === 0 ? 2 : 0 },
    });
    // Dense lately, thinned out further back, as the keeping rules leave it.
    const age = now - time;
    time -=
      age < DAY ? (13 + busy * 9) * 60_000 : age < 3 * DAY ? DAY / 10 : age < 30 * DAY ? DAY / 2 + busy * 3e6 : 6 * DAY;
  }
  return list;
}

interface Node {
  readonly type: 'file' | 'dir';
  readonly size: number;
  readonly days: number;
  /** Gone from the newest moment. */
  readonly deleted?: 'yes';
  /** Entries made up inside. */
  readonly many?: number;
}

const TREE: Readonly<Record<string, Node>> = {
  Archive: { type: 'dir', size: 0, days: 90, many: 100_000 },
  Letters: { type: 'dir', size: 0, days: 2 },
  'Letters/2025-11 landlord.odt': { type: 'file', size: 24_500, days: 9 },
  'Letters/2026-10 insurance.odt': { type: 'file', size: 31_200, days: 2 },
  'Letters/draft to Sam.txt': { type: 'file', size: 812, days: 40, deleted: 'yes' },
  'Old projects': { type: 'dir', size: 0, days: 120, deleted: 'yes' },
  'Old projects/garden plan.pdf': { type: 'file', size: 2_400_000, days: 150, deleted: 'yes' },
  Recipes: { type: 'dir', size: 0, days: 33 },
  'Recipes/Bread.md': { type: 'file', size: 2_210, days: 33 },
  Tax: { type: 'dir', size: 0, days: 12 },
  'Tax/2024 return.pdf': { type: 'file', size: 840_000, days: 300 },
  'Tax/2025 return.pdf': { type: 'file', size: 910_000, days: 12 },
  'Tax/receipts.xlsx': { type: 'file', size: 64_000, days: 1 },
  'Budget 2026.xlsx': { type: 'file', size: 48_300, days: 0.1 },
  'Contract final (2).pdf': { type: 'file', size: 410_000, days: 61, deleted: 'yes' },
  'Contract final.pdf': { type: 'file', size: 412_000, days: 60 },
  'Curriculum vitae.docx': { type: 'file', size: 88_000, days: 21 },
  'House.png': { type: 'file', size: 120_000, days: 14 },
  'Notes.txt': { type: 'file', size: 5_120, days: 0.4 },
  'Wedding speech.txt': { type: 'file', size: 6_400, days: 17, deleted: 'yes' },
};

export function browse(now: number, momentIndex: number, key: string | undefined, offset: number, limit: number) {
  const prefix = key === undefined ? '' : `${key}/`;
  const many = key === undefined ? undefined : TREE[key]?.many;
  if (many !== undefined) {
    const entries = Array.from({ length: Math.max(0, Math.min(limit, many - offset)) }, (_, index) => {
      const name = `scan-${String(offset + index + 1).padStart(6, '0')}.pdf`;
      return entry(now, `${prefix}${name}`, { type: 'file', size: 90_000 + (index % 50) * 1_313, days: 90 });
    });
    return { entries, total: many };
  }
  const all = Object.entries(TREE)
    .filter(
      ([path, node]) =>
        path.startsWith(prefix) &&
        !path.slice(prefix.length).includes('/') &&
        (node.deleted === undefined || momentIndex > 3),
    )
    .map(([path, node]) => entry(now, path, node));
  return { entries: all.slice(offset, offset + limit), total: all.length };
}

function entry(now: number, path: string, node: Node): HistoryEntry {
  return {
    name: path.split('/').at(-1) ?? path,
    path,
    key: path,
    type: node.type,
    size: node.size,
    modifiedAt: new Date(now - node.days * DAY).toISOString(),
    existsNow: node.deleted === undefined,
  };
}

export function search(now: number, text: string, scope: 'deleted' | 'all'): SearchHit[] {
  const wanted = text.toLowerCase();
  return Object.entries(TREE)
    .filter(([path, node]) => path.toLowerCase().includes(wanted) && (scope === 'all' || node.deleted !== undefined))
    .map(([path, node]) => ({
      ...entry(now, path, node),
      folderId: asFolder('f-documents'),
      folderName: 'Documents',
      versions: 1 + (path.length % 6),
      lastSeenAt: new Date(now - (node.deleted === undefined ? 0 : 5 * DAY)).toISOString(),
      momentId: node.deleted === undefined ? 'm-0' : 'm-30',
    }));
}

export function versions(now: number, key: string): Version[] {
  const node = TREE[key] ?? { type: 'file', size: 90_000, days: 90 };
  const count = 1 + (key.length % 6);
  return Array.from({ length: count }, (_, index) => ({
    momentId: `m-${index * 9 + (node.deleted === undefined ? 0 : 30)}`,
    firstSeenAt: new Date(now - (node.days + index * 6) * DAY).toISOString(),
    lastSeenAt: new Date(now - (index === 0 ? 0.01 : node.days + (index - 1) * 6) * DAY).toISOString(),
    size: Math.round(node.size * (1 - index * 0.07)),
    modifiedAt: new Date(now - (node.days + index * 6) * DAY).toISOString(),
    contentKey: `c-${key.length}-${index}`,
    destinationIds: [asDestination('d-disk'), asDestination('d-cloud')],
    current: index === 0 && node.deleted === undefined,
  }));
}

/** 8 × 6 pixels in pine and paper. */
const PICTURE =
  'PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSIzMjAiIGhlaWdodD0iMjAwIj48cmVjdCB3aWR0aD0iMzIwIiBoZWlnaHQ9IjIwMCIgZmlsbD0iI2JmZDhjZiIvPjxwYXRoIGQ9Ik0wIDIwMEwxMTAgNzBsODAgOTAgNTAtNTAgODAgOTB6IiBmaWxsPSIjMGY1YTRhIi8+PGNpcmNsZSBjeD0iMjUwIiBjeT0iNTUiIHI9IjI0IiBmaWxsPSIjZjNlZmUyIi8+PC9zdmc+';

export function preview(key: string) {
  if (/\.(txt|md)$/.test(key)) {
    const text =
      'Dear friends,\n\nfourteen years ago, on a wet Tuesday in the library, two people reached for the same book.\nNeither of them has returned it since.\n\nWhat I remember best of that year is the kitchen: flour on the floor, the radio on, and nobody in a hurry.\n';
    return { kind: 'text' as const, text, truncated: false };
  }
  if (key.endsWith('.png')) return { kind: 'image' as const, mediaType: 'image/svg+xml', base64: PICTURE };
  return { kind: 'none' as const, reason: 'This kind of file has no preview. Restore it to look inside.' };
}
