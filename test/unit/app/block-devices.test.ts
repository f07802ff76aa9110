import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { baseOf } from '../../../main/app/block-devices.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('finds the disk below a partition, and below an encrypted volume on one, and the file of an image', async () => {
  const scratch = await temporaryFolder('block-devices');
  const system = join(scratch.path, 'class');
  const devices = join(scratch.path, 'devices');
  try {
    await mkdir(system);
    const device = async (name: string, path: string, files: Record<string, string> = {}) => {
      await mkdir(join(devices, path), { recursive: true });
      await symlink(join(devices, path), join(system, name));
      for (const [file, text] of Object.entries(files)) {
        await mkdir(join(devices, path, file, '..'), { recursive: true });
        await writeFile(join(devices, path, file), text);
      }
    };
    await device('sda', 'pci/sda');
    await device('sda2', 'pci/sda/sda2', { partition: '2' });
    await device('dm-0', 'virtual/dm-0', { 'slaves/sda2': '' });
    await device('loop0', 'virtual/loop0', { 'loop/backing_file': '/home/image\n' });
    await device('loop0p1', 'virtual/loop0/loop0p1', { partition: '1' });
    const disks = async (name: string) => (await baseOf(join('/dev', name), system)).disks;
    for (const name of ['sda', 'sda2', 'dm-0']) expect(await disks(name)).toEqual(['sda']);
    expect(await baseOf('/dev/loop0p1', system)).toEqual({ disks: [], files: ['/home/image'] });
    expect(await disks('unheard-of')).toEqual([]);
  } finally {
    await scratch.remove();
  }
});
