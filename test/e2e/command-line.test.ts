import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const BIN = new URL('../../main/bin.js', import.meta.url).pathname;

let scratch: TemporaryFolder;
const at = (...names: readonly string[]): string => join(scratch.path, ...names);

function start(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [BIN, '--home', at('home'), ...words], {
    env: { ...process.env, TRIPLICATE_PASSPHRASE: 'a phrase for the tests' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs one command to its end, as a person types it. */
async function triplicate(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const child = start(...words);
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (part) => (texts.out += part));
  child.stderr?.on('data', (part) => (texts.err += part));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...texts };
}

describe('the command line of the app', () => {
  beforeAll(async () => {
    scratch = await temporaryFolder('command-line');
    for (const name of ['docs', 'disk', 'other']) await mkdir(at(name));
    await writeFile(at('docs', 'letter.txt'), 'first');
  });
  afterAll(() => scratch.remove());

  it('says in words that a new passphrase is too short', async () => {
    const { TRIPLICATE_PASSPHRASE: _, ...env } = process.env;
    const words = ['--home', at('short'), 'destination', 'add', 'Disk', at('disk')];
    const child = spawn(process.execPath, [BIN, ...words], {
      env: { ...env, TRIPLICATE_PASSWORD: 'worried' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr?.on('data', (part) => (text += part));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(text).toMatch(/^The passphrase is too short: it needs at least 8 characters\.\n.*words.*\n$/);
  });

  it('says how to begin when there is nothing yet', async () => {
    const { code, out } = await triplicate('status');
    expect(code).toBe(0);
    expect(out).toMatch(/folder add PATH.*destination add NAME LOCATION/);
  });

  it('ends with 2 for words that it does not know, and with 1 for what is not there', async () => {
    expect((await triplicate('folder', 'frobnicate')).code).toBe(2);
    expect((await triplicate('restore', at('docs'))).code).toBe(2);
    const missing = await triplicate('folder', 'add', at('nowhere'));
    expect(missing.code).toBe(1);
    expect(missing.err).toContain('nowhere');
    expect(missing.err).not.toMatch(/at .*\.ts:\d/);
  });

  it('stores all folders at every destination that is added, and says what is still missing', async () => {
    expect((await triplicate('folder', 'add', at('docs'))).code).toBe(0);
    expect((await triplicate('destination', 'add', 'Disk', at('disk'), '--kind', 'external')).out).toContain(
      at('docs'),
    );
    await triplicate('destination', 'add', 'Other', at('other'), '--offsite');
    const backup = await triplicate('backup');
    expect(backup).toMatchObject({ code: 0 });
    const { out } = await triplicate('--json', 'status');
    const { folders } = JSON.parse(out);
    expect(folders[0].rule).toMatchObject({ satisfied: true, copies: { have: 3 } });
  });

  it('attaches a protected folder to a further destination, and keeps a restricted one to its folders', async () => {
    await mkdir(at('second'));
    await mkdir(at('third'));
    await triplicate('folder', 'add', at('second'), '--to', 'Disk');
    await triplicate('destination', 'add', 'Third', at('third'), '--for', at('docs'));
    expect((await triplicate('status')).out).toContain(`folder add ${at('second')} --to `);
    expect((await triplicate('folder', 'add', at('second'), '--to', 'Third')).code).toBe(0);
    const { folders } = JSON.parse((await triplicate('--json', 'status')).out);
    const names = folders.map(({ copies }: { copies: { destinationName: string }[] }) =>
      copies.map(({ destinationName }) => destinationName),
    );
    expect(names).toEqual([
      ['Disk', 'Other', 'Third'],
      ['Disk', 'Third'],
    ]);
  });

  it('brings a deleted file back, byte for byte, and counts a disk that is away as away', async () => {
    await rm(at('docs', 'letter.txt'));
    await rename(at('other'), at('unplugged'));
    const backup = await triplicate('backup', at('docs'));
    expect(backup.code).toBe(1);
    expect(backup.out + backup.err).toContain('may be away');
    expect((await triplicate('find', 'letter', '--deleted')).out).toContain('letter.txt');
    expect((await triplicate('find', '--deleted')).out).toContain('letter.txt');
    expect((await triplicate('find')).code).toBe(2);
    await triplicate('restore', at('docs', 'letter.txt'), '--to', at('back'));
    expect(await readFile(at('back', 'letter.txt'), 'utf8')).toBe('first');
    await rename(at('unplugged'), at('other'));
    expect((await triplicate('backup', at('docs'))).code).toBe(0);
  });

  it('finds what the last command stored and removed while every disk is away', async () => {
    const disks = ['disk', 'other', 'third'];
    await mkdir(at('docs', 'drafts'));
    await writeFile(at('docs', 'drafts', 'speech.txt'), 'a speech');
    await triplicate('backup', at('docs'));
    await rm(at('docs', 'drafts'), { recursive: true });
    expect((await triplicate('backup', at('docs'))).out).toContain('1 removed');
    for (const disk of disks) await rename(at(disk), at(`${disk} away`));
    expect((await triplicate('find', 'speech', '--deleted')).out).toContain('drafts/speech.txt  deleted');
    for (const disk of disks) await rename(at(`${disk} away`), at(disk));
  });

  it('gives a second start the address of the one that runs, and its answers too', async () => {
    const serving = start('serve', '--no-open');
    try {
      const [first] = (await once(serving.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      expect(first.toString()).toMatch(/ready: http:\/\/127\.0\.0\.1:\d+\/#token=/);
      const second = await triplicate('serve', '--no-open');
      expect(second.code).toBe(0);
      expect(second.out).toMatch(/running already: http:\/\/127\.0\.0\.1:\d+\/#token=/);
      expect(second.out.split('#')[1]).not.toBe(first.toString().split('#')[1]);
      expect((await triplicate('status')).out).toContain(at('docs'));
    } finally {
      serving.kill('SIGINT');
    }
    const [code] = (await once(serving, 'close')) as [number];
    expect(code).toBe(0);
  });
});
