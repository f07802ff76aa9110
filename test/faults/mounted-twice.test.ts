import { mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { guessKind } from '../../main/app/disks.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('a disk is of one kind in all places where it is mounted', async ({ skip }) => {
  const scratch = await temporaryFolder('mounted-twice');
  const small = await mountSmallDisk(join(scratch.path, 'small'), '8m', 'ext4');
  if ('reason' in small) return skip(small.reason);
  const external = await mkdtemp('/mnt/triplicate-');
  try {
    await execa('mount', ['--bind', small.path, external]);
    for (const path of [small.path, external]) expect((await guessKind(join(path, 'copies'))).kind).toBe('internal');
  } finally {
    await execa('umount', ['--lazy', external], { reject: false });
    await rmdir(external);
    await small.unmount();
    await scratch.remove();
  }
});
