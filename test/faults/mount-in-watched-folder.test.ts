import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FolderWatcher } from '../../main/watch/folder-watcher.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('a disk that is mounted in a watched folder is noticed and watched, and when it goes, the folder below it', async ({
  skip,
}) => {
  const scratch = await temporaryFolder('mount-in-watched');
  const root = join(scratch.path, 'root');
  const place = join(root, 'on the way', 'disk');
  await mkdir(place, { recursive: true });
  const told = new Set<string>();
  const watcher = new FolderWatcher((event) => {
    if (event.kind === 'dirty') for (const directory of event.directories) told.add(directory);
    else told.add(event.kind);
  });
  const isTold = (what: string) => expect.poll(() => [...told], { timeout: 8000 }).toContain(what);
  watcher.watch(root, { ignored: (path) => path.endsWith('.device') });
  await isTold('ready');
  const disk = await mountSmallDisk(place, '8m');
  if ('reason' in disk) return skip(disk.reason);
  try {
    await isTold(place);
    await isTold(join(root, 'on the way'));
    told.clear();
    await writeFile(join(place, 'letter'), 'dear');
    await isTold(place);
    await disk.pull();
    told.clear();
    await isTold(join(root, 'on the way'));
    await isTold(place);
    told.clear();
    await writeFile(join(place, 'beneath'), '1');
    await isTold(place);
    expect(told).not.toContain('everything');
  } finally {
    await watcher.close();
    await disk.unmount();
    await scratch.remove();
  }
});
