import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { openStateFile, type StateFileOptions } from '../../../main/app/state-file.ts';
import { watchSyncedFolders } from '../../support/synced-folders.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

const schema = z.object({ names: z.array(z.string()) });
let folder: TemporaryFolder;
let options: StateFileOptions<z.infer<typeof schema>>;

beforeEach(async () => {
  folder = await temporaryFolder('state');
  options = { path: join(folder.path, 'state.json'), schema, initial: { names: [] }, now: () => 42 };
});
afterEach(async () => {
  vi.restoreAllMocks();
  await folder.remove();
});

describe('a state file', () => {
  it('comes back as it was left, readable by this user only', async () => {
    const file = await openStateFile(options);
    await file.update(({ names }) => ({ names: [...names, 'a'] }));
    expect((await openStateFile(options)).value).toEqual({ names: ['a'] });
    expect((await stat(options.path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path)).toEqual(['state.json']);
  });

  it('has its name on the disk when it is written, and so have the folders that were made for it', async ({ skip }) => {
    if (process.platform !== 'linux') return skip('only Linux tells the path of an open file');
    const synced = await watchSyncedFolders();
    const path = join(folder.path, 'share', 'triplicate', 'state.json');
    const file = await openStateFile({ ...options, path });
    await file.update(() => ({ names: ['a'] }));
    expect(synced).toEqual([
      { path: folder.path, names: ['share'] },
      { path: join(folder.path, 'share'), names: ['triplicate'] },
      { path: join(folder.path, 'share', 'triplicate'), names: ['state.json'] },
    ]);
    await file.update(() => ({ names: ['b'] }));
    expect(synced).toHaveLength(4);
  });

  it('ends with the last of many quick updates', async () => {
    const file = await openStateFile(options);
    for (let n = 0; n < 50; n++) void file.update(({ names }) => ({ names: [...names, `${n}`] }));
    await file.settled();
    expect((await openStateFile(options)).value.names).toHaveLength(50);
  });

  it.each([
    ['not JSON', '{"version": 1, "st'],
    ['of another shape', '{"version":1,"state":{"names":[7]}}'],
    ['without a version', '{"names":[]}'],
  ])('that is %s is kept aside, and the next start begins afresh', async (_name, text) => {
    await writeFile(options.path, text);
    await expect(openStateFile(options)).rejects.toMatchObject({ code: 'config/invalid' });
    expect(await readFile(`${options.path}.damaged-42`, 'utf8')).toBe(text);
    expect((await openStateFile(options)).value).toEqual({ names: [] });
  });

  it('of a newer version is not touched', async () => {
    await writeFile(options.path, '{"version":9,"state":{}}');
    await expect(openStateFile(options)).rejects.toMatchObject({ code: 'config/newer' });
    expect(await readFile(options.path, 'utf8')).toBe('{"version":9,"state":{}}');
  });

  it('of an old version is migrated, and the old file is kept', async () => {
    await writeFile(options.path, '{"version":1,"state":{"name":"a"}}');
    const migrations = [(state: unknown) => ({ names: [(state as { name: string }).name] })];
    expect((await openStateFile({ ...options, migrations })).value).toEqual({ names: ['a'] });
    expect(JSON.parse(await readFile(options.path, 'utf8'))).toEqual({ version: 2, state: { names: ['a'] } });
    expect(await readFile(`${options.path}.v1`, 'utf8')).toContain('"name":"a"');
  });
});
