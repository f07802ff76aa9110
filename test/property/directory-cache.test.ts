import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BackupReport, type BackupRequest, backup, type Repository } from '../../main/engine/engine.ts';
import { newRepository, subtreeAt } from '../support/engine.ts';
import { LONG } from '../support/long.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { apply, change } from '../support/tree-changes.ts';

const rounds = Number(process.env.TRIPLICATE_ROUNDS ?? (LONG ? 300 : 5));

function run(repository: Repository, root: string, extra: Partial<BackupRequest> = {}): Promise<BackupReport> {
  return backup({ destinations: [{ repository }], paths: [root], workingDirectory: root, workers: 1, ...extra });
}

/** What happens between two full scans: changes, and perhaps a run over what the watcher saw of them. */
const between = fc.record({
  changes: fc.array(change, { minLength: 0, maxLength: 5 }),
  watched: fc.boolean(),
  later: fc.array(change, { minLength: 0, maxLength: 3 }),
});

it('gives the tree and the counts of a scan that compares everything, after any changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(between, { minLength: 1, maxLength: 5 }), async (steps) => {
      const scratch = await temporaryFolder('directory-cache');
      try {
        const root = join(scratch.path, 'source');
        await mkdir(join(root, 'a/b/c/a'), { recursive: true });
        await mkdir(join(root, 'b/a'), { recursive: true });
        for (const path of ['a/b/x', 'a/b/c/x', 'a/b/c/a/x', 'b/a/x', 'c']) await writeFile(join(root, path), path);
        const cached = await newRepository(join(scratch.path, 'cached'));
        const { chunkerPolynomial } = cached.config;
        // The same runs without the cache, in another repository.
        const plain = await newRepository(join(scratch.path, 'plain'), { chunkerPolynomial });
        let { directoryCache } = await run(cached, root);
        await run(plain, root);
        for (const { changes, watched, later } of steps) {
          const dirty = new Set<string>();
          for (const one of changes) for (const directory of await apply(root, one)) dirty.add(directory);
          if (watched && dirty.size > 0) {
            await run(cached, root, { dirtyDirectories: dirty });
            await run(plain, root, { dirtyDirectories: dirty });
          }
          for (const one of later) await apply(root, one);
          const quick = await run(cached, root, directoryCache ? { directoryCache } : {});
          const whole = await run(plain, root);
          expect(await subtreeAt(cached, quick.tree, root)).toBe(await subtreeAt(plain, whole.tree, root));
          const { filesNew, filesChanged, filesUnchanged, filesRemoved, directories, bytesTotal, bytesRead } = whole;
          const counts = { filesNew, filesChanged, filesUnchanged, filesRemoved, directories, bytesTotal, bytesRead };
          expect(quick).toMatchObject({ ...counts, leftOut: whole.leftOut });
          directoryCache = quick.directoryCache;
          const fresh = await newRepository(join(scratch.path, `fresh ${(await readdir(scratch.path)).length}`), {
            chunkerPolynomial,
          });
          const first = await run(fresh, root);
          expect(await subtreeAt(cached, quick.tree, root)).toBe(await subtreeAt(fresh, first.tree, root));
        }
      } finally {
        await scratch.remove();
      }
    }),
    { numRuns: rounds, endOnFailure: true },
  );
});
