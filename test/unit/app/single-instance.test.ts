import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimStateFolder, findRunning } from '../../../main/app/single-instance.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('claim');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await folder.remove();
});

const file = () => join(folder.path, 'running.json');
const claimOf = (pid: number) => JSON.stringify({ pid, began: null, address: null, token: null });

describe('the claim of a state folder', () => {
  it('goes to one of those that want it, however many begin at once', async () => {
    const claims = await Promise.allSettled(Array.from({ length: 6 }, () => claimStateFolder(folder.path)));
    const [won, second] = claims.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(second).toBeUndefined();
    expect(await findRunning(folder.path)).toMatchObject({ pid: process.pid });
    await won?.release();
    expect(await readdir(folder.path)).toEqual(['running.lock']);
  });

  it('that another process takes while we find that it was left by one that was killed stays with that process', async () => {
    await writeFile(file(), claimOf(1_999_999_999));
    vi.spyOn(process, 'kill').mockImplementationOnce(() => {
      rmSync(file());
      writeFileSync(file(), claimOf(process.ppid));
      throw Object.assign(new Error('There is no such process.'), { code: 'ESRCH' });
    });
    await expect(claimStateFolder(folder.path)).rejects.toMatchObject({ code: 'app/already-running' });
    expect(await findRunning(folder.path)).toMatchObject({ pid: process.ppid });
    expect(await readdir(folder.path)).toEqual(['running.json', 'running.lock']);
  });

  it('of a process in another container, whose number says nothing here, stays with it until it ends', async () => {
    const claim = await claimStateFolder(folder.path);
    await writeFile(file(), claimOf(1_999_999_999));
    await expect(claimStateFolder(folder.path)).rejects.toMatchObject({ code: 'app/already-running' });
    expect(await findRunning(folder.path)).toMatchObject({ pid: 1_999_999_999 });
    await claim.release();
    await writeFile(file(), claimOf(1_999_999_999));
    expect(await findRunning(folder.path)).toBeUndefined();
    await (await claimStateFolder(folder.path)).release();
  });

  it('takes away what the last one was writing when it was killed, the passphrase for one', async () => {
    const left = ['passphrase.0123456789ab.tmp', 'ledger.json.ba9876543210.tmp'];
    const others = ['notes.tmp', 'passphrase', 'running.json.0123456789ab.tmp'];
    for (const name of [...left, ...others]) await writeFile(join(folder.path, name), 'of a former start');
    const claim = await claimStateFolder(folder.path);
    expect((await readdir(folder.path)).toSorted()).toEqual([...others, 'running.json', 'running.lock'].toSorted());
    await claim.release();
  });

  it('that cannot be read is left alone, and named', async ({ skip }) => {
    if (process.platform === 'win32') return skip('folders in the place of files are refused otherwise there');
    await mkdir(file());
    await expect(claimStateFolder(folder.path)).rejects.toMatchObject({
      code: 'config/invalid',
      message: expect.stringContaining('running.json'),
    });
  });

  it('says why the folder for it cannot be made or written to', async () => {
    await writeFile(join(folder.path, 'file'), '');
    await expect(claimStateFolder(join(folder.path, 'file', 'below'))).rejects.toMatchObject({
      code: 'app/state-unwritable',
      message: expect.stringContaining(folder.path),
    });
  });
});
