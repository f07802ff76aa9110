import { mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { guessKind, listDisks } from '../../main/app/disks.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('an image of a disk is of the kind of the disk on which it lies, wherever it is mounted', async ({ skip }) => {
  const scratch = await temporaryFolder('mounted-image');
  const external = await mkdtemp('/mnt/triplicate-');
  const image = join(scratch.path, 'image');
  try {
    await execa('truncate', ['-s', '8m', image]);
    await execa('mkfs.ext4', ['-q', image]);
    const { exitCode, stderr } = await execa('mount', ['-o', 'loop', image, external], { reject: false });
    if (exitCode !== 0) return skip(`mounting an image is not permitted here: ${stderr}`);
    expect((await guessKind(join(external, 'copies'))).kind).toBe('internal');
    expect((await listDisks()).find(({ path }) => path === external)?.kind).toBe('internal');
  } finally {
    await execa('umount', ['--lazy', external], { reject: false });
    await rmdir(external);
    await scratch.remove();
  }
});

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
