import { chmod, mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { restore } from '../../main/engine/engine.ts';
import { backedUp } from '../support/restore-plan.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const { PATH } = process.env;
let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('restore-helper-dies');
});
afterEach(async () => {
  process.env.PATH = PATH;
  await scratch.remove();
});

it('sets the times that a helper program was sent which the system then killed for want of memory', async () => {
  const [source, target, programs] = ['source', 'target', 'programs'].map((name) => join(scratch.path, name));
  if (!source || !target || !programs) throw new Error('unreachable');
  for (const folder of [source, programs]) await mkdir(folder);
  const names = Array.from({ length: 40 }, (_, n) => `file ${n}`);
  for (const name of names) {
    await writeFile(join(source, name), name);
    await utimes(join(source, name), 1_000_000_000, 1_000_000_000);
  }
  const plan = await (await backedUp(join(scratch.path, 'repository'), source))(target);
  await writeFile(join(programs, 'perl'), '#!/bin/sh\ncat > /dev/null\nkill -9 $$\n');
  await chmod(join(programs, 'perl'), 0o755);
  process.env.PATH = `${programs}${delimiter}${PATH}`;
  expect(await restore(plan)).toMatchObject({ result: 'complete', leftOut: [] });
  const times = await Promise.all(names.map(async (name) => (await stat(join(target, name))).mtimeMs));
  expect([...new Set(times)]).toEqual([1_000_000_000_000]);
});
