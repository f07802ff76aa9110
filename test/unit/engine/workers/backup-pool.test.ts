import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import { blobIdsOf, type FileOutcome, FileQueue } from '../../../../main/engine/backup/file-queue.ts';
import type { BackupPool } from '../../../../main/engine/workers/backup-pool.ts';
import { poolThatStoresNothing } from '../../../support/backup-pool.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let pool: BackupPool;
beforeEach(async () => {
  scratch = await temporaryFolder('backup-pool');
  pool = poolThatStoresNothing(1);
});
afterEach(async () => {
  await pool.close();
  await scratch.remove();
});

it.runIf(process.platform !== 'win32')(
  'gives every file its own content, also behind one that has become a pipe with something in it',
  async () => {
    const names = ['pipe', 'first', 'second'];
    const pipe = join(scratch.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const name of ['first', 'second']) writeFileSync(join(scratch.path, name), `content of the ${name}`);
    // It holds what was written, and nobody who could write more: whoever reads it comes to an end.
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, 'w');
    writeSync(writer, 'in a pipe');
    closeSync(writer);
    const outcomes = new Map<string, FileOutcome['kind']>();
    const contents = new Map<string, readonly string[]>();
    await new Promise<void>((resolve, reject) => {
      const queue = new FileQueue(pool, reject);
      for (const name of names) {
        const path = join(scratch.path, name);
        const size = name === 'pipe' ? 'in a pipe'.length : lstatSync(path).size;
        const changeTime = lstatSync(path, { bigint: true }).ctimeNs;
        queue.add({
          path: bytePathOf(path),
          size,
          changeTime,
          done: (outcome) => {
            outcomes.set(name, outcome.kind);
            if (outcome.kind === 'read') contents.set(name, blobIdsOf(outcome.content));
            if (outcomes.size === names.length) resolve();
          },
        });
      }
      queue.flush();
    });
    closeSync(reader);
    expect(Object.fromEntries(outcomes)).toEqual({ pipe: 'vanished', first: 'read', second: 'read' });
    const hashOf = (name: string): string => createHash('sha256').update(`content of the ${name}`).digest('hex');
    expect(contents.get('first')).toEqual([hashOf('first')]);
    expect(contents.get('second')).toEqual([hashOf('second')]);
  },
);
