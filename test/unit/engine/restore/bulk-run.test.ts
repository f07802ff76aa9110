import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as soon } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BulkRun } from '../../../../main/engine/restore/bulk-run.ts';
import type { FilePart } from '../../../../main/engine/restore/restore-messages.ts';
import { writeAt } from '../../../../main/engine/restore/write-file.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const STRETCH = 64 * 1024;
const MIB = 1024 * 1024;

let folder: TemporaryFolder;
let run: BulkRun;
beforeEach(async () => {
  folder = await temporaryFolder('bulk-run');
  run = new BulkRun();
  writes = [];
});
afterEach(() => folder.remove());

async function makeFile(name: string, size: number): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, '');
  await truncate(path, size);
  return path;
}

/** What is being written, in order; an array, as a promise of a promise would wait for it. */
let writes: Promise<number>[];

/** As the worker of a restore does it: what is there makes room when the part does not continue it. */
async function gather(part: FilePart, content: Uint8Array): Promise<void> {
  if (!run.continuesWith(part, content.length)) flush();
  if (run.file === undefined) await run.free();
  run.roomFor(part, content.length).set(content);
  run.take(part, content.length);
}

function flush(): void {
  if (run.file === undefined) return;
  const written = run.flush();
  // Whoever waits for it sees a failure; here it is looked at later.
  written.catch(() => undefined);
  writes.push(written);
}

const partOf = (temporary: string, at: number, file = 1): FilePart => ({ file, temporary, at });

/** Past the cache or not, as pieces of one file: another thread writes those that are `foreign`. */
interface Piece {
  readonly at: number;
  readonly bytes: Buffer;
  readonly foreign: boolean;
}

function pieces(content: Buffer): readonly Piece[] {
  const cut: Piece[] = [];
  for (let at = 0; at < content.length; ) {
    const length = Math.min(
      content.length - at,
      randomInt(2) ? randomInt(STRETCH, 4 * MIB) : randomInt(STRETCH, 300_000),
    );
    const bytes = content.subarray(at, at + length);
    cut.push({ at, bytes, foreign: !BulkRun.suits(length) || randomInt(6) === 0 });
    at += length;
  }
  return cut;
}

/** Random bytes with stretches of zeros in some places. */
function contentWithHoles(size: number): Buffer {
  const content = randomBytes(size);
  for (let n = randomInt(3); n > 0; n--) {
    const at = randomInt(size);
    content.subarray(at, at + randomInt(3 * STRETCH)).fill(0);
  }
  return content;
}

describe('a run of parts', () => {
  it('leaves in the file what was taken, whatever the sizes and places, beside the writes of others', async () => {
    for (let round = 0; round < 12; round++) {
      const content = contentWithHoles(randomInt(MIB, 14 * MIB));
      const path = await makeFile(`file ${round}`, content.length);
      writes = [];
      let own = 0;
      for (const { at, bytes, foreign } of pieces(content)) {
        if (foreign) {
          const fd = openSync(path, 'r+');
          writeAt(fd, bytes, at, 'leave');
          closeSync(fd);
          await soon();
          continue;
        }
        own += bytes.length;
        await gather(partOf(path, at), bytes);
      }
      flush();
      const sum = (await Promise.all(writes)).reduce((a, b) => a + b, 0);
      expect(sum).toBe(own);
      expect((await readFile(path)).equals(content), `round ${round}, ${content.length} bytes`).toBe(true);
    }
  });

  it('writes nothing of a part that was begun and not taken', async () => {
    const size = 3 * MIB;
    const path = await makeFile('file', size);
    const first = randomBytes(MIB + 5);
    await gather(partOf(path, 0), first);
    run.roomFor(partOf(path, first.length), 500_000).fill(0xff);
    const last = randomBytes(MIB);
    await gather(partOf(path, first.length + 500_000), last);
    flush();
    await Promise.all(writes);
    const expected = Buffer.alloc(size);
    first.copy(expected);
    last.copy(expected, first.length + 500_000);
    expect((await readFile(path)).equals(expected)).toBe(true);
  });

  it('does not touch a room before it is written', async () => {
    const files = await Promise.all(Array.from({ length: 8 }, (_, n) => makeFile(`file ${n}`, 4 * MIB)));
    const contents = files.map(() => randomBytes(4 * MIB));
    for (const [n, path] of files.entries()) await gather(partOf(path, 0, n), contents[n] as Buffer);
    flush();
    await Promise.all(writes);
    for (const [n, path] of files.entries()) expect((await readFile(path)).equals(contents[n] as Buffer)).toBe(true);
  });

  it('goes on with the next file after one that cannot be written', async () => {
    const gone = partOf(join(folder.path, 'gone'), 0, 1);
    const path = await makeFile('file', 2 * MIB);
    await symlink(path, join(folder.path, 'link'));
    const content = randomBytes(2 * MIB);
    await gather(gone, randomBytes(2 * MIB));
    await gather(partOf(join(folder.path, 'link'), 0, 2), randomBytes(2 * MIB));
    await gather(partOf(path, 0, 3), content);
    flush();
    expect(writes).toHaveLength(3);
    await expect(writes[0]).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(writes[1]).rejects.toMatchObject({ code: 'ELOOP' });
    expect(await writes[2]).toBe(content.length);
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it('continues only in the same file, where it ends, and as long as there is room', async () => {
    const path = await makeFile('file', 8 * MIB);
    await gather(partOf(path, 10), randomBytes(3 * MIB));
    const at = 10 + 3 * MIB;
    expect(run.continuesWith(partOf(path, at), MIB)).toBe(true);
    expect(run.continuesWith(partOf(path, at), MIB + 1)).toBe(false);
    expect(run.continuesWith(partOf(path, at + 1), MIB)).toBe(false);
    expect(run.continuesWith(partOf(path, at, 2), MIB)).toBe(false);
    expect(await run.flush()).toBe(3 * MIB);
    expect(run.file).toBeUndefined();
    expect(await run.flush()).toBe(0);
  });
});
