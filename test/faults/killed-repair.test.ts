import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { check, loadIndex, repairIndex, repairPacks, unlock } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { LONG } from '../support/long.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Dying before each change takes more than a minute; `npm test` tries every second one. */
const STEP = LONG ? 1 : 2;
const PROGRAM = fileURLToPath(new URL('../support/run-repair.ts', import.meta.url));
let scratch: TemporaryFolder;
const at = (...names: readonly string[]) => join(scratch.path, ...names);

beforeEach(async () => {
  scratch = await temporaryFolder('killed-repair');
  await newRepository(at('whole'));
  await mkdir(at('source'));
  const judge = restic({ repository: at('whole'), passphrase: PASSPHRASE, scratch: at('judge') });
  for (const round of [0, 1]) {
    for (let n = 0; n < 4; n++) await writeFile(at('source', `file ${round} ${n}`), randomBytes(300_000));
    await judge.backup([at('source')]);
  }
});
afterEach(() => scratch.remove());

async function spoil(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.fill(7, 100, 350);
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

/** A fresh copy of the damaged repository, in which the verb dies before its n-th change. */
async function killedAt(n: number, verb: 'index' | 'packs'): Promise<'killed' | 'done'> {
  await rm(at('repository'), { recursive: true, force: true });
  await cp(at('damaged'), at('repository'), { recursive: true });
  const { stdout, signal } = await execa(process.execPath, [PROGRAM, verb, at('repository'), `${n}`, at('whole')], {
    stdin: 'ignore',
    reject: false,
  });
  expect(stdout.includes('done') ? 'done' : signal).toBe(stdout.includes('done') ? 'done' : 'SIGKILL');
  return stdout.includes('done') ? 'done' : 'killed';
}

async function expectWhole(): Promise<void> {
  const judge = restic({ repository: at('repository'), passphrase: PASSPHRASE, scratch: at('judge') });
  // Without its cache: the copies have one id, and what it knows of the one must not help the other.
  await judge.check('--read-data', '--no-cache');
  await judge.restore('latest', at('restored'), '--verify', '--no-cache');
  expect(describeTree(at('restored', at('source'))).slice(1)).toEqual(describeTree(at('source')).slice(1));
  await rm(at('restored'), { recursive: true });
}

it('repair index killed before any of its changes loses nothing that was named, and the next one finishes it', async () => {
  await cp(at('whole'), at('damaged'), { recursive: true });
  const [first = '', second = ''] = await readdir(at('damaged', 'index'));
  await spoil(at('damaged', 'index', first));
  const { index: before } = await loadIndex(await reopen(at('damaged')), { onDamage: 'report' });
  const named = [...before.packs()].map(({ id }) => id);
  expect(named.length).toBeGreaterThan(0);
  let n = 1;
  for (; (await killedAt(n, 'index')) === 'killed'; n++) {
    expect(await readdir(at('repository', 'index'))).toContain(second);
    const repository = await reopen(at('repository'));
    const { index } = await loadIndex(repository, { onDamage: 'report' });
    for (const id of named) expect(index.hasPack(id)).toBe(true);
    expect((await repairIndex({ repository })).packsUnreadable).toEqual([]);
    await expectWhole();
  }
  // The new index file, and the removal of the old one.
  expect(n).toBe(3);
  await expectWhole();
});

it('repair packs killed before any of its changes loses nothing more, and the next one finishes it', async () => {
  await cp(at('whole'), at('damaged'), { recursive: true });
  const { index } = await loadIndex(await reopen(at('damaged')));
  const packs = [...index.packs()].map(({ id, blobs }) => ({ path: at('damaged', 'data', id.slice(0, 2), id), blobs }));
  const data = packs.filter(({ blobs }) => blobs[0]?.type === 'data');
  const trees = packs.filter(({ blobs }) => blobs[0]?.type === 'tree');
  await spoil(data[0]?.path ?? '');
  await rm(trees[0]?.path ?? '');
  const lostPaths = async (location: string) => {
    const { affected } = await check({ repository: await reopen(location), read: 'data' });
    return new Set(affected.flatMap(({ id, lost }) => lost.map((path) => `${id} ${path}`)));
  };
  const lostBefore = await lostPaths(at('damaged'));
  expect(lostBefore.size).toBeGreaterThan(0);
  let n = 1;
  for (; (await killedAt(n, 'packs')) === 'killed'; n += STEP) {
    const covers = (path: string) => [...lostBefore].some((one) => path === one || path.startsWith(one));
    for (const path of await lostPaths(at('repository'))) expect(covers(path)).toBe(true);
    const repository = await reopen(at('repository'));
    const report = await repairPacks({ repository, others: [await reopen(at('whole'))] });
    expect(report.result).not.toBe('incomplete');
    await unlock(await reopen(at('whole')));
    await expectWhole();
  }
  expect(n).toBeGreaterThan(6);
  await expectWhole();
});
