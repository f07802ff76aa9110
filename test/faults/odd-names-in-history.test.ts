import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApi } from '../../main/api/dispatch.ts';
import { folderOnDisk } from '../support/folder-on-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Names that a look-up by name could take for something of JavaScript's own, or that a screen could not show. */
const NAMES = [
  '__proto__',
  'constructor',
  'a.constructor',
  'toString.__proto__',
  'a\nb',
  '\u202Egpj.exe',
  '<b>',
  '%41',
  '👩‍👩‍👧',
];

it('files of any name are browsed, found, looked at and planned, though another folder has no destination', async () => {
  const scratch = await temporaryFolder('odd-names');
  const on = await folderOnDisk(scratch.path, Object.fromEntries(NAMES.map((name) => [name, `of ${name}`])));
  const api = createApi(on.app);
  const ask = async (method: string, input: object) => {
    const answer = await api.call(method, input);
    if (!answer.ok) throw new Error(`${method}: ${answer.error.message}`);
    return answer.value as never;
  };
  try {
    const [folder] = on.app.folders.list();
    await mkdir(join(scratch.path, 'Alone'));
    await on.app.folders.add({ path: join(scratch.path, 'Alone'), destinationIds: [] });
    expect((await on.backUp()).state).toBe('done');
    const folderId = folder?.id;
    const { moments } = (await ask('history.moments', { folderId })) as { moments: { id: string }[] };
    const momentId = moments[0]?.id;
    const { entries } = (await ask('history.browse', { folderId, momentId })) as {
      entries: { name: string; key: string }[];
    };
    expect(entries.map(({ name }) => name).sort()).toEqual(NAMES.toSorted());
    for (const { name, key } of entries) {
      expect(await ask('history.preview', { folderId, momentId, key })).toMatchObject({ text: `of ${name}` });
      const { hits } = (await ask('history.search', { text: name })) as { hits: { key: string }[] };
      expect(hits.map((hit) => hit.key)).toContain(key);
      const target = { kind: 'directory', path: join(scratch.path, 'Back') };
      expect(await ask('restore.plan', { folderId, momentId, keys: [key], target, existing: 'skip' })).toMatchObject({
        create: 1,
      });
    }
  } finally {
    await on.app.close();
    await scratch.remove();
  }
});

it('all folders are backed up, though one of them has no destination; that one alone is refused', async () => {
  const scratch = await temporaryFolder('no-destination');
  const on = await folderOnDisk(scratch.path, { letter: 'dear' });
  try {
    for (const name of ['Alone', 'Last']) {
      await mkdir(join(scratch.path, name));
      await writeFile(join(scratch.path, name, 'file'), name);
    }
    const alone = await on.app.folders.add({ path: join(scratch.path, 'Alone'), destinationIds: [] });
    await on.app.folders.add({ path: join(scratch.path, 'Last') });
    const runs = await on.app.work.backUpNow({});
    expect(runs.map(({ title }) => title)).toEqual(['Back up Documents to Disk', 'Back up Last to Disk']);
    await Promise.all(runs.map(({ id }) => on.app.runs.ended(id)));
    await expect(on.app.work.backUpNow({ folderIds: [alone.id] })).rejects.toThrow('has no destination');
  } finally {
    await on.app.close();
    await scratch.remove();
  }
});
