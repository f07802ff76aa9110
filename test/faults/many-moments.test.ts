import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { listSnapshots } from '../../main/engine/engine.ts';
import { formatTime, timestampOf } from '../../main/engine/format/time.ts';
import { saveSnapshot } from '../../main/engine/repository/snapshots.ts';
import { PASSPHRASE, reopen } from '../support/engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
const MANY = 2500;
const MINUTE = 60_000_000_000n;

it('the oldest of thousands of moments is listed and restored', async () => {
  const scratch = await temporaryFolder('many-moments');
  const at = (...names: readonly string[]) => join(scratch.path, ...names);
  const triplicate = (...words: readonly string[]) => {
    const env = { ...process.env, TRIPLICATE_PASSPHRASE: PASSPHRASE, TRIPLICATE_PASSWORD: PASSPHRASE, TZ: 'UTC' };
    const { stdout, status } = spawnSync(process.execPath, [BIN, '--home', at('home'), ...words], {
      encoding: 'utf8',
      env,
      maxBuffer: 1 << 28,
    });
    expect(status, words.join(' ')).toBe(0);
    return stdout;
  };
  try {
    await mkdir(at('docs'));
    await writeFile(at('docs', 'letter'), 'dear');
    triplicate('destination', 'add', 'Disk', at('copies'));
    triplicate('folder', 'add', at('docs'));
    triplicate('backup');
    await writeFile(at('docs', 'letter'), 'dear all');
    triplicate('backup');
    const repository = await reopen(at('copies'));
    const [two, one] = (await listSnapshots(repository)).snapshots;
    if (!one || !two) throw new Error('no snapshots');
    const { snapshot } = one.snapshot.time.ns < two.snapshot.time.ns ? one : two;
    const trees = [one.snapshot.tree, two.snapshot.tree];
    // One each minute before the first, as a folder gets that never rests.
    for (let first = 0; first < MANY; first += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, step) => {
          const nth = first + step + 1;
          const ns = snapshot.time.ns - BigInt(nth) * MINUTE;
          return saveSnapshot(repository, {
            ...snapshot,
            tree: trees[nth % 2] ?? snapshot.tree,
            time: timestampOf(formatTime(ns, 0)),
          });
        }),
      );
    const moments = JSON.parse(triplicate('--json', 'history', at('docs')));
    expect(moments.length).toBeGreaterThanOrEqual(MANY);
    const oldest = new Date(Number((snapshot.time.ns - BigInt(MANY) * MINUTE) / 1_000_000n) + 1000).toISOString();
    triplicate('restore', at('docs'), '--at', oldest, '--to', at('restored'));
    expect(await readFile(at('restored', 'letter'), 'utf8')).toMatch(/^dear/);
  } finally {
    await scratch.remove();
  }
}, 240_000);
