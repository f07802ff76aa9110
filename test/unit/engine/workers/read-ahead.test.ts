import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BytePath, bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import { PathBatch } from '../../../../main/engine/backup/path-batch.ts';
import { ReadAhead, type Usage } from '../../../../main/engine/workers/read-ahead.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let used: Usage;
let ahead: ReadAhead;
beforeEach(() => {
  used = { ms: 0, processorMs: 0, waits: 0 };
  ahead = new ReadAhead(() => used);
});
afterEach(() => ahead.close());

/** Files are read for so long, with so much of the processors busy, and that many waits for each. */
function read(files: number, { ms = 200, busy = 0.5, waits = 1 } = {}): boolean {
  used = {
    ms: used.ms + ms,
    processorMs: used.processorMs + ms * busy * availableParallelism(),
    waits: used.waits + waits * files,
  };
  ahead.haveRead(files);
  return ahead.isOn;
}

describe('judging whether a run waits for the disk', () => {
  it('begins when each file is waited for and processors stand still', () => {
    expect(ahead.isOn).toBe(false);
    expect(read(2000)).toBe(true);
  });

  it.each([
    ['files are in the cache', { waits: 0.1 }],
    ['the processors are busy', { busy: 0.9 }],
  ])('does not begin when %s', (_, usage) => {
    expect(read(2000, usage)).toBe(false);
  });

  it('does not judge by few files, or by a moment', () => {
    expect(read(500)).toBe(false);
    expect(read(600, { ms: 20 })).toBe(true);
    ahead = new ReadAhead(() => used);
    expect(read(2000, { ms: 20 })).toBe(false);
  });

  it('goes on while it makes the processors busy, and ends when nothing is waited for', () => {
    read(2000);
    expect(read(2000, { busy: 0.95 })).toBe(true);
    expect(read(2000, { waits: 0.1 })).toBe(false);
    expect(read(2000, { busy: 0.95 })).toBe(false);
  });
});

describe.runIf(process.platform === 'linux')('reading ahead', () => {
  let scratch: TemporaryFolder;
  beforeEach(async () => {
    scratch = await temporaryFolder('read-ahead');
  });
  afterEach(() => scratch.remove());

  const READS = 20_000;

  it('reads what it is told of, whatever else is in its way, once it has begun', async () => {
    const file = join(scratch.path, 'file');
    await writeFile(file, 'content');
    await mkdir(join(scratch.path, 'folder'));
    const paths = new PathBatch();
    for (const other of ['folder', 'nothing', 'file/below']) paths.add(bytePathOf(join(scratch.path, other)));
    for (let n = 0; n < READS; n++) paths.add(bytePathOf(file) as BytePath);
    const batch = paths.take();
    const before = reads();
    ahead.willRead(batch);
    read(2000);
    expect(reads() - before).toBeLessThan(READS / 2);
    ahead.willRead(batch);
    await expect.poll(() => reads() - before, { timeout: 30_000 }).toBeGreaterThanOrEqual(READS);
  });
});

/** How often threads of this process have read from a file. */
function reads(): number {
  return Number(/^syscr: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}
