import { writeFileSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type BytePath, bytePathOf, joinBytePath } from '../../../../main/engine/backup/byte-path.ts';
import { typeOf } from '../../../../main/engine/backup/entry.ts';
import { listDirectory, nameAt, statAt } from '../../../../main/engine/backup/listing.ts';
import { type ListingAhead, listAhead } from '../../../../main/engine/backup/listing-ahead.ts';
import { printOf } from '../../../../main/engine/backup/listing-print.ts';
import type { ScanRequest } from '../../../../main/engine/backup/request.ts';
import { Selection, selectionRules } from '../../../../main/engine/backup/selection.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let ahead: ListingAhead | undefined;
const at = (...names: readonly string[]) => join(scratch.path, ...names);

beforeEach(async () => {
  scratch = await temporaryFolder('listing');
  // Names between which a slash, and bytes above 127, would sort otherwise.
  for (const folder of ['a', 'a/b', 'a/b/c', 'a-b', 'a.b', 'ä', 'z', 'z/own', 'z/own/data', 'cache/deep']) {
    await mkdir(at('source', folder), { recursive: true });
    for (let n = 0; n < 7; n++) await writeFile(at('source', folder, `file ${n}`), 'x');
  }
  await writeFile(at('source', 'cache', 'x.tmp'), '');
});
afterEach(async () => {
  ahead?.close();
  await scratch.remove();
});

/** Goes through everything as the walk does; gives the directories that were not listed ahead. */
async function walk(request: ScanRequest, roots: readonly string[], ownPlace: string): Promise<readonly string[]> {
  const listing = listAhead(request, [ownPlace]);
  ahead = listing;
  const selection = new Selection(selectionRules(request, [ownPlace]));
  const missing: string[] = [];
  const visit = async (path: BytePath): Promise<void> => {
    const now = listDirectory(path, path, selection);
    const before = await listing.take(path);
    if (before) expect(before).toEqual({ ...now, print: Uint8Array.from(printOf(path, now)) });
    else missing.push(path);
    for (let position = 0; position < now.count; position++) {
      const stat = statAt(now, position);
      if (stat && typeOf(Number(stat.mode)) === 'dir' && !selection.isOwnPlace(stat)) {
        await visit(joinBytePath(path, nameAt(now, position)));
      }
    }
  };
  for (const root of roots) await visit(bytePathOf(root));
  return missing;
}

const scan = (request: Partial<ScanRequest> = {}): ScanRequest => ({
  paths: [at('source')],
  workingDirectory: '/',
  ...request,
});

it('lists every directory in the order of the walk', async () => {
  expect(await walk(scan(), [at('source')], at('elsewhere'))).toEqual([]);
});

it('keeps to the rules, and out of the own place', async () => {
  const rules = { excludes: ['*.tmp', 'deep'], excludeMarkers: ['marker'] };
  await writeFile(at('source', 'a', 'b', 'marker'), '');
  expect(await walk(scan(rules), [at('source')], at('source', 'z', 'own'))).toEqual([]);
});

it('lists several folders in the order in which the snapshot has them', async () => {
  const paths = [at('source', 'z'), at('source', 'a'), at('source', 'a-b')];
  expect(await walk(scan({ paths }), [paths[1], paths[2], paths[0]].map(String), at('elsewhere'))).toEqual([]);
});

it('leaves to the walk what cannot be listed, and what has changed meanwhile', async () => {
  await chmod(at('source', 'a', 'b'), 0o000);
  const listing = listAhead(scan(), []);
  ahead = listing;
  expect(await listing.take(bytePathOf(at('source')))).not.toBeNull();
  await rm(at('source', 'a-b'), { recursive: true });
  // Passed over: the walk did not want it.
  expect(await listing.take(bytePathOf(at('source', 'a.b')))).not.toBeNull();
  expect(await listing.take(bytePathOf(at('source', 'new')))).toBeNull();
  // What comes after a surprise is not waited for.
  expect(await listing.take(bytePathOf(at('source', 'z')))).toBeNull();
});

// Ten thousand files take their time on a busy disk.
it('lists a large tree on two threads, in the order of the walk', { timeout: 60_000 }, async () => {
  for (const folder of ['a/b', 'a/b/c', 'a-b', 'z/own']) {
    for (let n = 0; n < 2500; n++) writeFileSync(at('source', folder, `more ${n}`), '');
  }
  for (let folder = 0; folder < 40; folder++)
    await mkdir(at('source', 'z', `folder ${folder}`, 'below'), { recursive: true });
  expect(await walk(scan(), [at('source')], at('source', 'z', 'own', 'data'))).toEqual([]);
  const paths = [at('source', 'a'), at('source', 'a-b'), at('source', 'z')];
  expect(await walk(scan({ paths }), paths, at('elsewhere'))).toEqual([]);
});

it.each(['no', 'yes'])(
  'starts a second thread for a large tree only while it is wanted; closed meanwhile: %s',
  { timeout: 60_000 },
  async (closed) => {
    for (let n = 0; n < 9000; n++) writeFileSync(at('source', 'a', `more ${n}`), '');
    let started = 0;
    const count = (): void => {
      started++;
    };
    process.on('worker', count);
    try {
      const listing = listAhead(scan(), []);
      ahead = listing;
      // Until the first thread has asked for another; its question waits for us.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
      if (closed === 'yes') {
        listing.close();
        await wait(500);
      }
      await expect.poll(() => started).toBe(closed === 'yes' ? 1 : 2);
    } finally {
      process.off('worker', count);
    }
  },
);
