import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ElectronDouble, launchElectronDouble } from '../support/electron-double/launch.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * Main process, preload script and page together on the double of Electron (its README says what is real). The app behind
 * the transport is a sample; `electron-app.test.ts` runs the whole.
 */

interface Bridge {
  call(
    method: string,
    input: unknown,
  ): Promise<{ ok: boolean; value?: unknown; error?: { code: string; message: string } }>;
  on(event: string, listener: (payload: unknown) => void): () => void;
}
declare const triplicate: Bridge;

let appFolder: TemporaryFolder;
let open: { double: ElectronDouble; state: TemporaryFolder } | undefined;

beforeAll(async () => {
  appFolder = await temporaryFolder('shell');
  await mkdir(join(appFolder.path, 'out/renderer'), { recursive: true });
  await writeFile(
    join(appFolder.path, 'out/renderer/index.html'),
    '<!doctype html><title>sample</title><script>window.inline = true</script><script src="./page.js"></script>',
  );
  await writeFile(join(appFolder.path, 'out/renderer/page.js'), 'window.loaded = true; window.events = [];');
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: 'preload/index.ts',
      outDir: join(appFolder.path, 'out/preload'),
      emptyOutDir: true,
      rolldownOptions: { external: ['electron'], output: { format: 'cjs', entryFileNames: 'index.cjs' } },
    },
  });
  return () => appFolder.remove();
});

afterEach(async () => {
  await open?.double.close();
  await open?.state.remove();
  open = undefined;
});

async function launch(...args: string[]): Promise<{ double: ElectronDouble; page: Page }> {
  const state = await temporaryFolder('shell');
  const main = new URL('../support/electron-double/sample-main.ts', import.meta.url).pathname;
  const double = await launchElectronDouble({ main, appPath: appFolder.path, stateFolder: state.path, args });
  open = { double, state };
  const page = await double.page();
  await page.waitForFunction('window.loaded === true', undefined, { timeout: 5_000 });
  return { double, page };
}

describe('the bridge', () => {
  test('carries calls as structured clones and gives the page nothing else', async () => {
    const { page } = await launch();
    const echoed = await page.evaluate(async () => {
      const sent = { text: 'ä', missing: undefined, list: [1, null], bytes: new Uint8Array([1, 2]), when: new Date(0) };
      const { value } = await triplicate.call('test.echo', sent);
      const got = value as typeof sent;
      return {
        text: got.text,
        list: got.list,
        bytes: [...got.bytes],
        when: got.when instanceof Date,
        same: got === sent,
      };
    });
    expect(echoed).toEqual({ text: 'ä', list: [1, null], bytes: [1, 2], when: true, same: false });
    expect(await page.evaluate('Object.keys(triplicate).sort().join()')).toBe('call,on');
    expect(await page.evaluate('[typeof require, typeof process, typeof ipcRenderer].join()')).toBe(
      'undefined,undefined,undefined',
    );
    expect(await page.evaluate('Object.isFrozen(triplicate)')).toBe(true);
  });

  test('refuses what cannot be cloned, on the side where it is sent', async () => {
    const { page } = await launch();
    expect(await page.evaluate(() => triplicate.call('test.echo', () => 1).catch((e) => e.name))).toBe(
      'DataCloneError',
    );
    expect(await page.evaluate(() => triplicate.call('test.uncloneable', {}).catch((e) => e.message))).toMatch(
      /^Error invoking remote method/,
    );
  });

  test('brings a failure as an envelope, never as a rejection', async () => {
    const { page } = await launch();
    const answer = await page.evaluate(() => triplicate.call('test.throw', {}));
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal', message: 'the words' } });
    expect(JSON.stringify(answer)).not.toContain('kept back');
  });

  test('brings events to their listeners until they stop', async () => {
    const { page } = await launch();
    const heard = await page.evaluate(async () => {
      const events: unknown[] = [];
      const stop = triplicate.on('notice', (payload) => events.push(payload));
      const send = (title: string) =>
        triplicate.call('test.emit', { event: 'notice', payload: { level: 'info', title, text: '' } });
      await send('first');
      await triplicate.call('test.emit', { event: 'settings.changed', payload: { startAtLogin: false } });
      await new Promise((resolve) => setTimeout(resolve, 200));
      stop();
      await send('second');
      await new Promise((resolve) => setTimeout(resolve, 200));
      return events;
    });
    expect(heard).toEqual([{ level: 'info', title: 'first', text: '' }]);
  });
});

describe('the window', () => {
  test('runs no inline script and reaches no other address', async () => {
    const { page } = await launch();
    expect(await page.evaluate('window.inline')).toBeUndefined();
    expect(await page.evaluate(() => fetch('https://example.org/').catch(() => 'refused'))).toBe('refused');
    expect(await page.evaluate(() => fetch('../../package.json').then((answer) => answer.status))).toBe(404);
  });

  test('does not answer a foreign page in a frame', async () => {
    const { double, page } = await launch();
    await page.route('https://evil.example/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<script>window.here = true</script>' }),
    );
    // The policy keeps frames out; a page that got through all the same would still not be answered.
    await page.evaluate(() =>
      document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://evil.example/' })),
    );
    await page.waitForTimeout(200);
    expect(page.frames().some((frame) => frame.url().startsWith('https://evil.example'))).toBe(false);

    await page.evaluate(() =>
      document.body.append(Object.assign(document.createElement('iframe'), { srcdoc: 'hello' })),
    );
    await page.waitForTimeout(200);
    const inner = page.frames().find((frame) => frame !== page.mainFrame());
    const answer = await inner?.evaluate(() =>
      (
        window as unknown as { __electron_double_invoke(request: unknown): Promise<{ value: unknown }> }
      ).__electron_double_invoke({
        channel: 'triplicate:call',
        args: ['settings.get', {}],
      }),
    );
    expect(answer?.value).toMatchObject({ ok: false, error: { code: 'app/unauthorized' } });
    expect(double.output()).toBe('');
  });

  test('opens links outside, and only web addresses', async () => {
    const { double, page } = await launch();
    await page.evaluate(() => {
      window.open('file:///etc/passwd');
      window.open('https://restic.net/');
    });
    expect(await double.report('opened-outside')).toMatchObject({ url: 'https://restic.net/' });
  });
});

describe('closing', () => {
  const run = (state: string) => ({ id: 'r1', kind: 'backup', state, title: 'Backing up Photos' });

  test('hides into the tray when so set, and a second start brings the window back', async () => {
    const { double } = await launch('--close-to-tray');
    await double.report('window', ({ state }) => state === 'shown');
    double.command({ kind: 'close-window' });
    await double.report('window', ({ state }) => state === 'hidden');
    double.command({ kind: 'second-instance' });
    double.command({ kind: 'click', label: 'Quit' });
    expect(await double.exited).toBe(0);
    expect(double.output()).toContain('closed cleanly');
  });

  test('quits cleanly at once when nothing runs', async () => {
    const { double } = await launch();
    double.command({ kind: 'close-window' });
    expect(await double.exited).toBe(0);
    expect(double.output()).toContain('closed cleanly');
  });

  test('asks while something runs: stay, then finish first', async () => {
    const { double, page } = await launch();
    const emit = (state: string) =>
      page.evaluate((payload) => triplicate.call('test.emit', { event: 'run.changed', payload }), run(state));
    await emit('running');
    expect(await double.report('tray', ({ tooltip }) => tooltip.includes('Photos'))).toBeDefined();
    await double.report('awake', ({ on }) => on);
    double.command({ kind: 'answer-question', button: 2 });
    double.command({ kind: 'quit' });
    expect((await double.report('question')).detail).toContain('Backing up Photos');
    await page.waitForTimeout(200);
    expect(await page.evaluate(() => triplicate.call('test.echo', 1))).toEqual({ ok: true, value: 1 });

    double.command({ kind: 'answer-question', button: 0 });
    double.command({ kind: 'quit' });
    await page.waitForTimeout(300);
    expect(double.output()).not.toContain('closed cleanly');
    await emit('done').catch(() => undefined);
    expect(await double.exited).toBe(0);
    expect(double.output()).toContain('closed cleanly');
  });
});
