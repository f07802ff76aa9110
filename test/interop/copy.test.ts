import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { backup, copySnapshots, listSnapshots, loadIndex, type Repository } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
let scratch: TemporaryFolder;
let source: Repository;
let target: Repository;
const at = (...names: readonly string[]) => join(scratch.path, ...names);
const judge = (repository: string) =>
  restic({ repository: at(repository), passphrase: PASSPHRASE, scratch: at('judge') });

beforeEach(async () => {
  scratch = await temporaryFolder('copy');
  source = await newRepository(at('source'));
  target = await newRepository(at('target'));
  await mkdir(at('files', 'below'), { recursive: true });
  await writeFile(at('files', 'below', 'text'), 'text '.repeat(10_000));
  await writeFile(at('files', 'noise'), randomBytes(3_000_000));
});
afterEach(async () => {
  await source.store.close();
  await target.store.close();
  await scratch.remove();
});

async function backUp(): Promise<void> {
  const { results } = await backup({
    destinations: [{ repository: source }],
    paths: [at('files')],
    workingDirectory: '/',
  });
  expect(results[0]?.error).toBeUndefined();
}

async function copyAll() {
  const { snapshots } = await listSnapshots(source);
  return copySnapshots({ source, target, snapshots });
}

async function packBytes(repository: string): Promise<number> {
  const names = await readdir(at(repository, 'data'), { recursive: true });
  const files = await Promise.all(names.map((name) => stat(at(repository, 'data', name))));
  return files.filter((file) => file.isFile()).reduce((sum, { size }) => sum + size, 0);
}

it('gives restic every snapshot bit for bit, and nothing twice', async () => {
  await backUp();
  await writeFile(at('files', 'below', 'more'), 'more');
  await judge('source').backup([at('files')]);
  const report = await copyAll();
  expect(report).toMatchObject({ present: [], failed: [], chunking: 'different' });
  expect(report.copied).toHaveLength(2);
  await judge('target').check('--read-data');
  expect(await packBytes('target')).toBeLessThan((await packBytes('source')) * 1.02);
  for (const { from, to } of report.copied) {
    await judge('source').restore(from, at('restored', from));
    await judge('target').restore(to, at('restored', to));
    const restored = await describeTree(join(at('restored', to), at('files')));
    expect(restored.length).toBeGreaterThan(2);
    expect(restored).toEqual(await describeTree(join(at('restored', from), at('files'))));
  }
  const before = await packBytes('target');
  expect(await copyAll()).toMatchObject({ copied: [], blobs: 0, bytesAdded: 0 });
  expect(await packBytes('target')).toBe(before);
  // restic sees the same: nothing is left for its own copy.
  const { stdout } = await execa('restic', ['-r', at('target'), '--no-cache', 'copy', '--from-repo', at('source')], {
    env: { RESTIC_PASSWORD: PASSPHRASE, RESTIC_FROM_PASSWORD: PASSPHRASE },
  });
  expect(stdout.match(/skipping source snapshot/g)).toHaveLength(2);
});

it('copies only what is new since the last time', async () => {
  await backUp();
  await copyAll();
  await writeFile(at('files', 'below', 'more'), 'more');
  await backUp();
  const report = await copyAll();
  expect(report.copied).toHaveLength(1);
  expect(report.present).toHaveLength(1);
  expect(report.bytesAdded).toBeLessThan(20_000);
  await judge('target').check('--read-data');
});

it.each(['lost', 'cut short'])('copies what is whole when a pack is %s, and names the rest', async (damage) => {
  await backUp();
  const { index } = await loadIndex(source);
  const [pack] = [...index.packs()].filter(({ blobs }) => blobs[0]?.type === 'data');
  await rm(at('files', 'noise'));
  await rm(at('files', 'below', 'text'));
  await writeFile(at('files', 'fresh'), 'fresh');
  await backUp();
  const path = at('source', 'data', pack?.id.slice(0, 2) ?? '', pack?.id ?? '');
  await (damage === 'lost' ? rm(path) : truncate(path, 1000));
  const report = await copyAll();
  expect(report.copied).toHaveLength(1);
  expect(report.failed).toMatchObject([{ error: { code: 'repo/damaged' } }]);
  await judge('target').check('--read-data');
  await judge('target').restore('latest', at('restored'));
});

it('stores again what the target has lost of the snapshots that it has, and says so', async () => {
  await backUp();
  await copyAll();
  target = await reopen(at('target'));
  const { index } = await loadIndex(target);
  for (const { id, blobs } of index.packs()) {
    if (blobs[0]?.type === 'data') await rm(at('target', 'data', id.slice(0, 2), id));
  }
  const report = await copyAll();
  expect(report).toMatchObject({ copied: [], failed: [], damagedParts: 1 });
  expect(report.present).toHaveLength(1);
  expect(report.blobs).toBeGreaterThan(0);
  await judge('target').run('rebuild-index');
  await judge('target').check('--read-data');
  await judge('target').restore('latest', at('restored'));
});

it('is a command, with a passphrase for each side', async () => {
  await backUp();
  const other = restic({ repository: at('other'), passphrase: 'the other one', scratch: at('judge') });
  await other.init();
  const run = (env: Record<string, string>) =>
    execa(process.execPath, [PROGRAM, 'repo', 'copy', at('source'), at('other'), '--json'], {
      env: { TRIPLICATE_PASSWORD: PASSPHRASE, ...env },
      stdin: 'ignore',
      reject: false,
    });
  expect((await run({})).exitCode).toBe(1);
  const { exitCode, stdout } = await run({ TRIPLICATE_TARGET_PASSWORD: 'the other one' });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout.split('\n').at(-1) ?? '')).toMatchObject({ type: 'summary', failed: [] });
  await other.check('--read-data');
  expect(await other.snapshots()).toHaveLength(1);
});

it('goes on after an interruption, and leaves a sound target', async () => {
  await backUp();
  const cancel = new AbortController();
  const { snapshots } = await listSnapshots(source);
  const put = target.store.put.bind(target.store);
  let packs = 0;
  vi.spyOn(target.store, 'put').mockImplementation(async (name, bytes, signal) => {
    if (name.type === 'data' && ++packs === 2) cancel.abort();
    return put(name, bytes, signal);
  });
  const copying = copySnapshots({ source, target, snapshots, signal: cancel.signal });
  await expect(copying).rejects.toMatchObject({ code: 'cancelled' });
  await judge('target').check('--read-data');
  expect(await judge('target').snapshots()).toEqual([]);
  target = await reopen(at('target'));
  expect((await copyAll()).copied).toHaveLength(1);
  await judge('target').check('--read-data');
});

it('says that the target has lost its index, and stores what its snapshots need again', async () => {
  await backUp();
  await copyAll();
  for (const name of await readdir(at('target', 'index'))) await rm(at('target', 'index', name));
  const report = await copyAll();
  expect(report).toMatchObject({ copied: [], damagedParts: 1, indexLost: true });
  expect(report.present).toHaveLength(1);
  await judge('target').check('--read-data');
});
