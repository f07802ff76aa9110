import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../../main/app/compose.ts';
import { describeFolder } from '../../../main/cli/app/status.ts';
import { barePorts } from '../../support/bare-ports.ts';
import { quickEngine } from '../../support/engine.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('an app that lives for one command says that a folder is missing, and does not count it as a copy', async () => {
  const scratch = await temporaryFolder('missing-folder');
  const documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  const start = () => createApp(barePorts(), { home: join(scratch.path, 'home'), life: 'once', engine: quickEngine() });
  try {
    const before = await start();
    await before.folders.add({ path: documents });
    await before.close();
    await rename(documents, join(scratch.path, 'away'));
    const app = await start();
    const [folder] = app.folders.list();
    await app.close();
    expect(folder).toMatchObject({ watch: { state: 'missing' }, rule: { copies: { have: 0 } } });
    expect(folder && describeFolder(folder, [])).toContain(
      '  the folder itself: missing. The folder cannot be found. Its old versions are kept.',
    );
  } finally {
    await scratch.remove();
  }
});
