import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backup, type Repository } from '../../main/engine/engine.ts';
import { newRepository, reopen, subtreeAt } from '../support/engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { apply, change } from '../support/tree-changes.ts';

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
