import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../main/app/compose.ts';
import { openStateFile } from '../../main/app/state-file.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('the app goes on while its own disk is full, says so, and ends when it is told to', async ({ skip }) => {
  const scratch = await temporaryFolder('full-state');
  const disk = await mountSmallDisk(join(scratch.path, 'home'), '4m');
  if ('reason' in disk) return skip(disk.reason);
  try {
    const documents = join(scratch.path, 'Documents');
    await mkdir(documents);
    await writeFile(join(documents, 'letter'), 'dear');
    const app = await createApp(barePorts(), { home: disk.path, life: 'once', engine: quickEngine() });
    const backUp = async () => {
      const [run] = await app.work.backUpNow({});
      return app.runs.ended(run?.id ?? '');
    };
    const { id } = await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'copies') });
    await app.folders.add({ path: documents });
    expect((await backUp()).state).toBe('done');

    await disk.fill();
    // More than a page of it, so that the log has no room either.
    for (let line = 0; line < 100; line++) app.log.info('a line '.repeat(20));
    const unwritable = { code: 'app/state-unwritable', message: expect.stringContaining('the disk is full') };
    await expect(app.destinations.update({ id, name: 'A disk '.repeat(2000) })).rejects.toMatchObject(unwritable);
    await backUp();
    expect(app.destinations.list()[0]?.state).toBe('ready');
    expect((await readdir(disk.path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);

    await disk.makeRoom();
    expect((await backUp()).state).toBe('done');
    expect(app.folders.list()[0]?.copies[0]?.state).toBe('good');
    await disk.fill();
    await app.destinations.update({ id, name: 'Other '.repeat(4000) }).catch(() => undefined);
    await app.close();
  } finally {
    await disk.unmount();
    await scratch.remove();
  }
});

it('a folder that was added while the disk of the app is full is backed up all the same', async ({ skip }) => {
  const scratch = await temporaryFolder('full-state-added');
  const disk = await mountSmallDisk(join(scratch.path, 'home'), '4m');
  if ('reason' in disk) return skip(disk.reason);
  const documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  await writeFile(join(documents, 'letter'), 'dear');
  const app = await createApp(barePorts(), { home: disk.path, engine: quickEngine() });
  try {
    await app.settings.update({ quietSeconds: 1 });
    await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'copies') });
    await disk.fill();
    for (let line = 0; line < 100; line++) app.log.info('a line '.repeat(20));
    const added = app.folders.add({ path: documents, name: 'A folder '.repeat(1000) });
    await expect(added).rejects.toMatchObject({ code: 'app/state-unwritable' });
    await disk.makeRoom();
    await expect.poll(() => app.folders.list()[0]?.copies[0]?.state, { timeout: 10_000 }).toBe('good');
  } finally {
    await app.close();
    await disk.unmount();
    await scratch.remove();
  }
});

it('a change is on the disk when its promise says so, also when another one follows at once', async () => {
  const scratch = await temporaryFolder('state-order');
  const { z } = await import('zod');
  const options = { path: join(scratch.path, 'state.json'), schema: z.number(), initial: 0, now: () => 0 };
  try {
    const file = await openStateFile(options);
    const first = file.update(() => 1);
    const second = file.update((value) => value + 1);
    await first;
    expect((await openStateFile(options)).value).toBeGreaterThanOrEqual(1);
    await second;
    expect((await openStateFile(options)).value).toBe(2);
  } finally {
    await scratch.remove();
  }
});
