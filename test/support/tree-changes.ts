import { chmod, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';

/** One change to a tree; names come from a small set, so that changes meet each other. */
export type Change =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'folder' | 'remove' | 'truncate' | 'chmod'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string };

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));

export const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('write' as const), path, text: fc.string({ maxLength: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('folder' as const, 'remove' as const, 'truncate' as const, 'chmod' as const),
      path,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rename' as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), path, to: path }) },
);

/** Makes the change where it is possible, and gives the directories that a watcher would call dirty. */
export async function apply(root: string, change: Change): Promise<readonly string[]> {
  const at = join(root, change.path);
  const dirty = [dirname(at), at];
  try {
    if (change.kind === 'write') await writeFile(at, change.text);
    else if (change.kind === 'folder') await mkdir(at, { recursive: true });
    else if (change.kind === 'remove') await rm(at, { recursive: true });
    else if (change.kind === 'truncate') await truncate(at, 3);
    else if (change.kind === 'chmod') await chmod(at, 0o700);
    else if (change.kind === 'link') await symlink(change.to, at);
    else if (change.kind === 'rename') {
      await rename(at, join(root, change.to));
      dirty.push(dirname(join(root, change.to)), join(root, change.to));
    }
  } catch {
    return [];
  }
  // A folder made with its parents dirties each of them.
  for (let up = dirname(at); up.length > root.length; up = dirname(up)) dirty.push(dirname(up));
  return dirty;
}
