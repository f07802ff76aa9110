import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseSample } from '../../../main/app/engine-link/sample.ts';
import { backup, loadIndex, readTree } from '../../../main/engine/engine.ts';
import type { TreeId } from '../../../main/engine/ids.ts';
import { newRepository } from '../../support/engine.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('finds the only file also where every way by chance ends in an empty folder', async () => {
  const scratch = await temporaryFolder('sample');
  try {
    const source = join(scratch.path, 'source');
    for (let n = 0; n < 30; n++) await mkdir(join(source, `${n}`), { recursive: true });
    await writeFile(join(source, '7', 'letter'), 'dear');
    const repository = await newRepository(join(scratch.path, 'repository'));
    const { tree: top } = await backup({
      destinations: [{ repository }],
      paths: ['source'],
      workingDirectory: scratch.path,
    });
    const { index } = await loadIndex(repository);
    const tree = (await readTree(repository, index, top as TreeId))[0]?.subtree as TreeId;
    const request = { repository, index, tree, limit: { files: 8, bytes: 1000 }, signal: new AbortController().signal };
    expect(await chooseSample({ ...request, pick: () => 0 })).toEqual([Buffer.from('7/letter').toString('base64url')]);
  } finally {
    await scratch.remove();
  }
});
