import { chmod, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RestorePlan, restore } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { backedUp } from '../support/restore-plan.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('restore-swapped-folder');
});
afterEach(() => scratch.remove());

it('a restore changes nothing through a link that took the place of a folder since the plan was made', async () => {
  const [source, target, outside] = ['source', 'target', 'outside'].map((name) => join(scratch.path, name));
  if (!source || !target || !outside) throw new Error('unreachable');
  await mkdir(join(source, 'folder'), { recursive: true });
  await mkdir(join(source, 'later'));
  for (const name of ['lost', 'changed', 'other mode', 'two names', 'same']) {
    await writeFile(join(source, 'folder', name), name);
  }
  await link(join(source, 'folder', 'two names'), join(source, 'later', 'two names'));
  const planFor = await backedUp(join(scratch.path, 'repository'), source);
  const planned = (): Promise<RestorePlan> => planFor(target);
  await restore(await planned());

  await rm(join(target, 'folder', 'lost'));
  await writeFile(join(target, 'folder', 'changed'), 'mine');
  await chmod(join(target, 'folder', 'other mode'), 0o604);
  await rm(join(target, 'later', 'two names'));
  const plan = await planned();
  await rename(join(target, 'folder'), outside);
  await symlink(outside, join(target, 'folder'));
  const before = describeTree(outside);
  const report = await restore(plan);

  expect(describeTree(outside)).toEqual(before);
  expect(report).toMatchObject({ result: 'incomplete', files: 0, directories: 0, unchanged: 5 });
  expect(report.leftOut.map(({ path, reason }) => [path.slice(source.length), reason]).sort()).toEqual([
    ['/folder', 'in-the-way'],
    ['/folder/changed', 'in-the-way'],
    ['/folder/lost', 'in-the-way'],
    ['/folder/other mode', 'in-the-way'],
    ['/later/two names', 'damaged'],
  ]);
});
