import { execFileSync } from 'node:child_process';
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AttributeReader } from '../../../../main/engine/backup/attributes.ts';
import type { BytePath } from '../../../../main/engine/backup/byte-path.ts';
import { Counts } from '../../../../main/engine/backup/counts.ts';
import { newDirectory } from '../../../../main/engine/backup/directory.ts';
import { DirectoryEntries } from '../../../../main/engine/backup/directory-entries.ts';
import type { DirectoryTrees } from '../../../../main/engine/backup/directory-trees.ts';
import { entryFromStat } from '../../../../main/engine/backup/entry.ts';
import { EntrySettler } from '../../../../main/engine/backup/entry-settler.ts';
import { ownerNames } from '../../../../main/engine/backup/owner-names.ts';
import type { WalkContext } from '../../../../main/engine/backup/walk-context.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

it('asks for attributes again when a file gets a later time of change than they were read at', async ({ skip }) => {
  const scratch = await temporaryFolder('attributes-again');
  const attributes = new AttributeReader();
  try {
    const path = join(scratch.path, 'file') as BytePath;
    writeFileSync(path, 'text');
    const entries = { owners: ownerNames(0n), utcOffsetMinutes: () => 0 };
    const draft = entryFromStat(Buffer.from('file'), lstatSync(path, { bigint: true }), entries);
    try {
      execFileSync('setfattr', ['-n', 'user.note', '-v', 'later', path], { stdio: 'ignore' });
    } catch {
      return skip('extended attributes cannot be set here');
    }
    const way = {
      path: scratch.path as BytePath,
      access: scratch.path as BytePath,
      descriptor: null,
      ownsDescriptor: false,
    };
    const directory = newDirectory({ ...way, parent: null, position: 0, same: null, isListedAhead: false });
    directory.entries = new DirectoryEntries(1, null);
    directory.entries.set(0, draft);
    const { promise, resolve } = Promise.withResolvers<void>();
    const trees = { settled: () => resolve() } as unknown as DirectoryTrees;
    const context = { attributes, counts: new Counts(), entries } as unknown as WalkContext;
    const fresh = { ...lstatSync(path, { bigint: true }), position: 0 };
    const content = { ids: new Uint8Array(0), first: 0, count: 0 };
    const place = {
      position: 0,
      name: 'file' as BytePath,
      path,
      access: path,
      stat: null,
      before: null,
      isTarget: false,
    };
    new EntrySettler(context, trees).fileDone(directory, draft, place, { kind: 'read', size: 4, content, fresh });
    await promise;
    expect(draft.ctime.ns).toBe(fresh.ctimeNs);
    expect(draft.extendedAttributes).toMatchObject([{ name: 'user.note' }]);
  } finally {
    attributes.close();
    await scratch.remove();
  }
});
