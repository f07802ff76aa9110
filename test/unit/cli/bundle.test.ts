import { appendFileSync, cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

const SOURCE = fileURLToPath(new URL('../../../main/cli/bundle.js', import.meta.url));

describe('which program is run', () => {
  let scratch: TemporaryFolder;
  let root: string;
  let bundle: typeof import('../../../main/cli/bundle.js');

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  function program(): string {
    return fileURLToPath(bundle.programUrl()).slice(root.length + 1);
  }

  beforeEach(async () => {
    scratch = await temporaryFolder('bundle');
    root = scratch.path;
    const sources = ['package.json', 'package-lock.json', 'config/vite.cli.ts', 'config/file-urls.ts', 'main/cli.ts'];
    for (const path of [...sources, 'main/engine/engine.ts', 'out/cli/cli.js']) write(path, path);
    cpSync(SOURCE, join(root, 'main/cli/bundle.js'));
    bundle = (await import(pathToFileURL(join(root, 'main/cli/bundle.js')).href)) as typeof bundle;
    writeFileSync(bundle.STAMP, bundle.sourceStamp());
  });

  afterEach(() => scratch.remove());

  it('is the bundle while it was made from these sources', () => {
    expect(program()).toBe('out/cli/cli.js');
  });

  it('is the sources where there is no bundle, or one that was not finished', () => {
    rmSync(bundle.STAMP);
    expect(program()).toBe('main/cli.ts');
  });

  it.each([
    ['edited', () => appendFileSync(join(root, 'main/engine/engine.ts'), 'x')],
    ['added', () => write('main/engine/more.ts', 'x')],
    ['removed', () => rmSync(join(root, 'main/engine/engine.ts'))],
    ['replaced by an older one of the same length', () => utimesSync(join(root, 'main/engine/engine.ts'), 1, 1)],
    ['a library', () => appendFileSync(join(root, 'package-lock.json'), 'x')],
  ])('is the sources when one of them was changed: %s', (_how, change) => {
    change();
    expect(program()).toBe('main/cli.ts');
  });
});
