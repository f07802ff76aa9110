import { chmod, mkdir, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backup, type Repository } from '../../main/engine/engine.ts';
import { newRepository, reopen, subtreeAt } from '../support/engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** One change to the tree; names come from a small set, so that changes meet each other. */
type Change =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'folder' | 'remove' | 'truncate' | 'chmod'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string };

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const change: fc.Arbitrary<Change> = fc.oneof(
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
async function apply(root: string, change: Change): Promise<readonly string[]> {
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

async function run(repository: Repository, root: string, dirtyDirectories?: ReadonlySet<string>) {
  const request = { destinations: [{ repository }], paths: [root], workingDirectory: root, workers: 1 };
  return backup(dirtyDirectories ? { ...request, dirtyDirectories } : request);
}

it('gives the tree of a full scan after any changes, when told which directories changed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
      async (rounds) => {
        const scratch = await temporaryFolder('watched');
        try {
          const root = join(scratch.path, 'source');
          await mkdir(join(root, 'a/b'), { recursive: true });
          await writeFile(join(root, 'a/b/c'), 'first');
          await writeFile(join(root, 'c'), 'second');
          const watched = await newRepository(join(scratch.path, 'watched'));
          await run(watched, root);
          for (const round of rounds) {
            const dirty = new Set<string>();
            for (const one of round) for (const directory of await apply(root, one)) dirty.add(directory);
            const changes = await run(watched, root, dirty);
            expect(changes.scan).toBe('changes');
            const fresh = await newRepository(join(scratch.path, `full-${(await readdir(scratch.path)).length}`), {
              chunkerPolynomial: watched.config.chunkerPolynomial,
            });
            const full = await run(fresh, root);
            expect(await subtreeAt(watched, changes.tree, root)).toBe(await subtreeAt(fresh, full.tree, root));
          }
        } finally {
          await scratch.remove();
        }
      },
    ),
    { numRuns: 12, endOnFailure: true },
  );
});

it('lists a directory that its own times show to have changed, though nobody said so', async () => {
  const scratch = await temporaryFolder('watched');
  try {
    const root = join(scratch.path, 'source');
    await mkdir(join(root, 'kept'), { recursive: true });
    await writeFile(join(root, 'kept/one'), '1');
    const location = join(scratch.path, 'repository');
    await newRepository(location);
    await run(await reopen(location), root);
    await writeFile(join(root, 'kept/two'), '2');
    const report = await run(await reopen(location), root, new Set([root]));
    expect(report).toMatchObject({ scan: 'changes', filesNew: 1 });
  } finally {
    await scratch.remove();
  }
});
