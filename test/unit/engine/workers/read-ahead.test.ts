import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BytePath, bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import { PathBatch } from '../../../../main/engine/backup/path-batch.ts';
import { ReadAhead, type Usage } from '../../../../main/engine/workers/read-ahead.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const WORKERS = availableParallelism();

let used: Usage;
let ahead: ReadAhead;
beforeEach(() => {
  used = { ms: 0, processorMs: 0, waits: 0 };
  ahead = new ReadAhead(WORKERS, () => used);
});
afterEach(() => ahead.close());

/** Jobs of 256 files are read for so long, with so much of the processors busy, and that many waits for each file. */
function read(files: number, { ms = 200, busy = 0.5, waits = 1, bytes = 1000 } = {}): boolean {
  for (let left = files; left > 0; left -= 256) {
    const count = Math.min(left, 256);
    const jobMs = (ms * count) / files;
    used = {
      ms: used.ms + jobMs,
      processorMs: used.processorMs + jobMs * busy * WORKERS,
      waits: used.waits + waits * count,
    };
    ahead.haveRead(new Float64Array(count).fill(bytes));
  }
  return ahead.isOn;
}

describe('judging whether a run waits for the disk', () => {
  it('begins when each file is waited for and processors stand still', () => {
    expect(ahead.isOn).toBe(false);
    expect(read(2048)).toBe(true);
  });

  it.each([
    ['files are in the cache', { waits: 0.1 }],
    ['the processors are busy', { busy: 0.9 }],
    ['files are large and hardly waited for', { bytes: 1_000_000 }],
  ])('does not begin when %s', (_, usage) => {
    expect(read(2048, usage)).toBe(false);
  });

  it('begins when the parts of larger files are waited for', () => {
    expect(read(2048, { bytes: 1_000_000, waits: 8 })).toBe(true);
  });

  it('does not judge by few files, or by a moment', () => {
    expect(read(500)).toBe(false);
    expect(read(600, { ms: 20 })).toBe(true);
    ahead = new ReadAhead(WORKERS, () => used);
    expect(read(2048, { ms: 20 })).toBe(false);
  });

  it('goes on while it makes the processors busy, and ends when nothing is waited for', () => {
    read(2048);
    expect(read(2048, { busy: 0.95 })).toBe(true);
    expect(read(2048, { waits: 0.1 })).toBe(false);
    expect(read(2048, { busy: 0.95 })).toBe(false);
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
    let threads = 0;
    const count = () => threads++;
    process.on('worker', count);
    try {
      ahead.willRead(batch);
      expect(threads).toBe(0);
      const before = reads();
      read(2048);
      ahead.willRead(batch);
      await expect.poll(() => reads() - before, { timeout: 60_000 }).toBeGreaterThanOrEqual(READS);
      await ahead.close();
      ahead.willRead(batch);
      expect(threads).toBe(4);
    } finally {
      process.off('worker', count);
    }
  }, 90_000);
});

/** How often threads of this process have read from a file. */
function reads(): number {
  return Number(/^syscr: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}
