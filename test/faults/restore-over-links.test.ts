import { chmod, link, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RestorePlan, restore } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { backedUp } from '../support/restore-plan.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('restore-over-links');
});
afterEach(() => scratch.remove());

it('makes files of their own of what a program that looks for doubles has made one in the target', async () => {
  const [source = '', target = ''] = ['source', 'target'].map((name) => join(scratch.path, name));
  await mkdir(source);
  for (const [position, name] of ['a', 'b', 'c', 'e'].entries()) {
    await writeFile(join(source, name), 'the same');
    await chmod(join(source, name), 0o600 + position);
    await utimes(join(source, name), position, position);
  }
  // Two that are one in the snapshot, around one that is not.
  await link(join(source, 'c'), join(source, 'd'));
  await link(join(source, 'e'), join(source, '0'));
  const plan = await backedUp(join(scratch.path, 'repository'), source);
  const planned = (): Promise<RestorePlan> => plan(target);
  await restore(await planned());
  for (const name of ['b', 'c', 'd', 'e', '0']) {
    await rm(join(target, name));
    await link(join(target, 'a'), join(target, name));
  }
  expect(await restore(await planned())).toMatchObject({ result: 'complete' });
  expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
  expect((await planned()).counts).toMatchObject({ new: 0, replaced: 0 });
});
