import { createHash, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRepository, PASSPHRASE } from '../support/engine.ts';
import { startRestServer } from '../support/rest-server.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
let scratch: TemporaryFolder;
let repository: string;
let source: string;
let judge: Restic;

const judgeWith = (passphrase: string) => restic({ repository, passphrase, scratch: scratch.path });

function triplicate(args: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [PROGRAM, 'repo', ...args], {
    env: { TRIPLICATE_PASSWORD: PASSPHRASE, ...env },
    stdin: 'ignore',
    reject: false,
  });
}

beforeEach(async () => {
  scratch = await temporaryFolder('repo-commands');
  repository = join(scratch.path, 'repository');
  source = join(scratch.path, 'source');
  judge = judgeWith(PASSPHRASE);
  await newRepository(repository);
  await mkdir(join(source, 'letters'), { recursive: true });
  await writeFile(join(source, 'letters', 'one.txt'), 'one');
  await writeFile(join(source, 'letters', 'two.txt'), 'two');
  await writeFile(join(source, 'big'), randomBytes(300_000));
  await link(join(source, 'big'), join(source, 'big again'));
  await symlink('big', join(source, 'link'));
});
afterEach(() => scratch.remove());

async function makeHistory(): Promise<void> {
  await judge.backup([source]);
  await writeFile(join(source, 'letters', 'one.txt'), 'one, but longer');
  await rm(join(source, 'link'));
  await rename(join(source, 'letters', 'two.txt'), join(source, 'three.txt'));
  await mkdir(join(source, 'new', 'deep'), { recursive: true });
  await writeFile(join(source, 'new', 'deep', 'file'), '');
  expect((await triplicate(['backup', repository, source])).exitCode).toBe(0);
}

describe('repo diff', () => {
  it('tells what restic tells', async () => {
    await makeHistory();
    const [first, second] = (await judge.snapshots()).map(({ id }) => id.slice(0, 8)) as [string, string];
    const lines = (text: string) =>
      text
        .split('\n')
        .filter((line) => /^[-+MTU] +\//.test(line))
        .sort();
    const theirs = lines((await judge.run('diff', first, second)).stdout);
    const ours = await triplicate(['diff', repository, first, second]);
    expect(theirs.length).toBeGreaterThan(6);
    expect(lines(ours.stdout)).toEqual(theirs);
    expect(ours.exitCode).toBe(0);
    const json = (await triplicate(['diff', repository, first, second, '--json'])).stdout.split('\n');
    expect(JSON.parse(json.at(-1) ?? '')).toMatchObject({ changed_files: 1, added: { files: 2, dirs: 2, others: 0 } });
  });
});

describe('repo stats', () => {
  it.each(['restore-size', 'raw-data'])('counts as restic does: %s', async (mode) => {
    await makeHistory();
    const theirs = JSON.parse((await judge.run('stats', '--json', '--mode', mode)).stdout);
    const ours = JSON.parse((await triplicate(['stats', repository, '--json', '--mode', mode])).stdout);
    expect(ours).toMatchObject(mode === 'raw-data' ? { total_size: theirs.total_size } : theirs);
    expect(ours.total_blob_count).toBe(theirs.total_blob_count);
    const one = JSON.parse((await triplicate(['stats', repository, 'latest', '--json', '--mode', mode])).stdout);
    expect(one.total_size).toBe(
      JSON.parse((await judge.run('stats', 'latest', '--json', '--mode', mode)).stdout).total_size,
    );
  });
});

describe('repo find', () => {
  it('finds what restic finds', async () => {
    await judge.backup([source]);
    const lines = (text: string) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.startsWith('/'));
    for (const pattern of ['letters/one.txt', 'letters', '/letters/one.txt']) {
      const theirs = lines((await judge.run('find', pattern)).stdout);
      const ours = await triplicate(['find', repository, pattern]);
      expect(lines(ours.stdout).sort()).toEqual(theirs.sort());
      expect(ours.exitCode).toBe(0);
    }
  });

  it.each(['', '['])('refuses the pattern "%s" before it opens anything', async (pattern) => {
    const refused = await triplicate(['find', repository, pattern], { TRIPLICATE_PASSWORD: 'wrong' });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/pattern/);
  });
});

describe('repo ls', () => {
  it('lists the root when that is named', async () => {
    await judge.backup([source]);
    const all = await triplicate(['ls', repository, 'latest']);
    expect(await triplicate(['ls', repository, 'latest', '/'])).toMatchObject({ stdout: all.stdout, exitCode: 0 });
    expect(all.stdout).toContain(join(source, 'letters', 'one.txt'));
  });
});

describe('output that cannot be written', () => {
  const run = (args: readonly string[], end: string) =>
    execa('bash', ['-c', `set -o pipefail; "$@" ${end}`, 'bash', process.execPath, PROGRAM, 'repo', ...args], {
      env: { TRIPLICATE_PASSWORD: PASSPHRASE },
      reject: false,
    });

  it.runIf(process.platform === 'linux').each(['ls', 'dump', 'snapshots'])('is told in words by %s', async (name) => {
    await judge.backup([source]);
    const more = { ls: ['latest'], dump: ['latest', join(source, 'big')], snapshots: ['--json'] }[name] ?? [];
    const { exitCode, stderr } = await run([name, repository, ...more], '> /dev/full');
    expect(stderr).toContain('The output cannot be written: the disk is full.');
    expect(stderr).not.toContain('Cancelled');
    expect(exitCode).toBe(1);
  });

  it('is nothing to talk about where a reader has seen enough', async () => {
    await writeFile(join(source, 'long'), randomBytes(5_000_000));
    await judge.backup([source]);
    const dump = await run(['dump', repository, 'latest', join(source, 'long')], '| head -c 10 | wc -c');
    expect(dump).toMatchObject({ exitCode: 130, stderr: '' });
    expect(dump.stdout.trim()).toBe('10');
    // All the work was done.
    expect(await run(['snapshots', repository], '| true')).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('a snapshot that cannot be read', () => {
  it.each([
    ['snapshots', []],
    ['find', ['one.txt']],
    ['stats', []],
    ['stats', ['--mode', 'raw-data']],
  ] as const)('is named by %s %j, which ends with 1', async (name, more) => {
    await makeHistory();
    const id = (await judge.snapshots())[0]?.id ?? '';
    const path = join(repository, 'snapshots', id);
    await chmod(path, 0o600);
    await truncate(path, 20);
    for (const output of [[], ['--json']]) {
      const told = await triplicate([name, repository, ...more, ...output]);
      expect(told.stderr).toContain(`Snapshot ${id.slice(0, 8)} cannot be read`);
      expect(told.exitCode).toBe(1);
      expect(told.stdout).not.toBe('');
    }
  });
});

describe('repo key', () => {
  const NEW = { TRIPLICATE_NEW_PASSWORD: 'a second passphrase' };
  const keyFiles = () => readdir(join(repository, 'keys'));

  it('adds one that restic opens, and lists those of restic', async () => {
    await judge.backup([source]);
    expect((await triplicate(['key', 'add', repository], NEW)).exitCode).toBe(0);
    await judgeWith('a second passphrase').check();
    const file = join(scratch.path, 'third');
    await writeFile(file, 'a third passphrase', { mode: 0o600 });
    await judge.run('key', 'add', '--new-password-file', file);
    const listed = JSON.parse(
      (await triplicate(['key', 'list', repository, '--json', '--password-file', file])).stdout,
    );
    expect(listed).toHaveLength(3);
    expect(listed.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
    const theirs = JSON.parse((await judge.run('key', 'list', '--json')).stdout) as { id: string }[];
    expect(theirs.map(({ id }) => id).sort()).toEqual(
      listed.map(({ id }: { id: string }) => id.slice(0, theirs[0]?.id.length)).sort(),
    );
  });

  it('changes the passphrase: the old one opens nothing any more', async () => {
    await judge.backup([source]);
    const [old] = await keyFiles();
    expect((await triplicate(['key', 'passwd', repository], NEW)).exitCode).toBe(0);
    expect(await keyFiles()).toHaveLength(1);
    expect(await keyFiles()).not.toContain(old);
    const refused = await triplicate(['snapshots', repository]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('passphrase');
    await judgeWith('a second passphrase').check('--read-data');
  });

  it('removes another one, never the one in use, and says which do not exist', async () => {
    await triplicate(['key', 'add', repository], NEW);
    const keys = JSON.parse((await triplicate(['key', 'list', repository, '--json'])).stdout) as {
      current: boolean;
      id: string;
    }[];
    const idOf = (use: boolean) => keys.find(({ current }) => current === use)?.id.slice(0, 8) ?? '';
    expect((await triplicate(['key', 'remove', repository, idOf(true)])).stderr).toContain('opened with');
    expect((await triplicate(['key', 'remove', repository, 'ffffffffff'])).exitCode).toBe(1);
    expect(await keyFiles()).toHaveLength(2);
    expect((await triplicate(['key', 'remove', repository, idOf(false)])).exitCode).toBe(0);
    expect(await keyFiles()).toEqual([keys.find(({ current }) => current)?.id]);
    await judge.check();
  });

  it('lists a key file that says what would move the cursor of a terminal, or hide text, as characters', async () => {
    const [own = ''] = await keyFiles();
    const said = JSON.parse(await readFile(join(repository, 'keys', own), 'utf8')) as Record<string, unknown>;
    const hostile = JSON.stringify({ ...said, hostname: '\u001b[2Jhost\n', username: '\u202euser', created: '\u0007' });
    await writeFile(join(repository, 'keys', createHash('sha256').update(hostile).digest('hex')), hostile);
    const { stdout } = await triplicate(['key', 'list', repository]);
    expect(stdout).toContain(String.raw`\u{202e}user@\u{1b}[2Jhost\u{a}  \u{7}`);
    expect(stdout).toMatch(/^[\n -~]*$/);
  });

  it('asks for the new passphrase where none is given, and refuses an empty one', async () => {
    const none = await triplicate(['key', 'add', repository]);
    expect(none.exitCode).toBe(1);
    expect(none.stderr).toContain('TRIPLICATE_NEW_PASSWORD');
    expect((await triplicate(['key', 'add', repository], { TRIPLICATE_NEW_PASSWORD: '' })).exitCode).toBe(1);
    expect(await keyFiles()).toHaveLength(1);
  });
});

it('uploads no faster than it is told', async () => {
  await writeFile(join(source, 'more'), randomBytes(1_500_000));
  const started = performance.now();
  const limited = await triplicate(['backup', repository, source, '--limit-upload', '1024']);
  expect(limited.exitCode).toBe(0);
  expect(performance.now() - started).toBeGreaterThan(1_500);
  expect((await triplicate(['backup', repository, source, '--limit-upload', '-1'])).exitCode).toBe(2);
});

it('says that the repository has lost its index, and how it comes back', async () => {
  await makeHistory();
  for (const name of await readdir(join(repository, 'index'))) await rm(join(repository, 'index', name));
  const done = await triplicate(['backup', repository, source]);
  expect(done.exitCode).toBe(3);
  expect(done.stderr).toMatch(/has lost its index.*`repair index`/);
  expect(done.stdout).toMatch(/Snapshot \w{8} saved/);
  expect((await triplicate(['repair', 'index', repository])).exitCode).toBe(0);
  await judge.check('--read-data');
  const again = await triplicate(['backup', repository, source]);
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });
});

describe('options that choose snapshots', () => {
  const hostsOf = (output: string) => JSON.parse(output).map(({ hostname }: { hostname: string }) => hostname);

  it('take several computers, as restic does', async () => {
    for (const host of ['one', 'two', 'three']) await judge.backup([source], '--host', host);
    const listed = await triplicate(['snapshots', repository, '--host', 'one', '--host', 'three', '--json']);
    expect(hostsOf(listed.stdout)).toEqual(['one', 'three']);
    const target = join(scratch.path, 'target');
    await newRepository(target);
    await triplicate(['copy', repository, target, '--host', 'one', '--host', 'two']);
    expect(hostsOf((await triplicate(['snapshots', target, '--json'])).stdout)).toEqual(['one', 'two']);
  });

  it('never take an empty word, as of a variable that was not set, for everything', async () => {
    await judge.backup([source], '--host', 'one');
    const target = join(scratch.path, 'target');
    for (const args of [
      ['forget', repository, '--host', '', '--keep-last', '1'],
      ['forget', repository, '--path', '', '--keep-last', '1'],
      ['copy', repository, target, '--host', ''],
      ['restore', repository, 'latest', '--target', target, '--include', ''],
    ]) {
      expect(await triplicate(args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('It is empty.') });
    }
    const unnamed = await triplicate(['restore', repository, '', '--target', target]);
    expect(unnamed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No snapshot is named.') });
    expect(await readdir(scratch.path)).not.toContain('target');
  });

  it('keep what has no tags for an empty --keep-tag, as restic does', async () => {
    await judge.backup([source]);
    await judge.backup([source], '--tag', 'x');
    expect((await triplicate(['forget', repository, '--keep-tag', '', '--group-by', ''])).exitCode).toBe(0);
    expect((await judge.snapshots()).map(({ tags }) => tags ?? [])).toEqual([[]]);
  });
});

it('tells what is wrong with the command as JSON too, where JSON is asked for', async () => {
  for (const [args, words] of [
    [['snapshots', '--json'], 'location'],
    [['stats', repository, '--mode', 'foo', '--json'], 'foo'],
    [['forget', repository, '--json', '--keep-last', 'x'], 'whole number'],
  ] as const) {
    const refused = await triplicate(args);
    expect(refused.exitCode).toBe(2);
    const message = expect.stringContaining(words);
    expect(JSON.parse(refused.stdout)).toMatchObject({ type: 'error', error: { code: 'usage', message } });
  }
  expect(await triplicate(['snapshots'])).toMatchObject({ exitCode: 2, stdout: '' });
});

describe('repo forget', () => {
  const ids = async () => (await judge.snapshots()).map(({ id }) => id);

  it('removes the snapshots that are named, and none when one of the names fits none or several', async () => {
    await makeHistory();
    const [first = '', second = ''] = await ids();
    for (const [names, words] of [
      [[first.slice(0, 8), 'f00d'.repeat(16)], 'There is no snapshot f00d'],
      [[first, ''], 'There is no snapshot'],
      [[first, '--keep-last', '1'], 'not both'],
      [[first, '--path', source], 'not both'],
    ] as const) {
      const refused = await triplicate(['forget', repository, ...names]);
      expect(refused.stderr).toContain(words);
      expect(refused.exitCode).not.toBe(0);
    }
    const planned = await triplicate(['forget', repository, first.slice(0, 8), '--dry-run']);
    expect(planned.stdout).toContain('Nothing was removed');
    expect(await ids()).toEqual([first, second]);
    const done = await triplicate(['forget', repository, first.slice(0, 8), '--prune', '--json']);
    expect(done.stderr).toBe('');
    expect(done.exitCode).toBe(0);
    expect(JSON.parse(done.stdout.split('\n')[0] ?? '')).toMatchObject({ mode: 'remove', snapshots: [first] });
    expect(await ids()).toEqual([second]);
    await judge.check('--read-data');
  });

  it('removes one that cannot be read, which prune then no longer stumbles over', async () => {
    await makeHistory();
    const [first = '', second = ''] = await ids();
    const path = join(repository, 'snapshots', first);
    await chmod(path, 0o600);
    await truncate(path, 20);
    const stopped = await triplicate(['prune', repository]);
    expect(stopped.stderr).toContain(`repo forget LOCATION ID`);
    expect((await triplicate(['forget', repository, first])).exitCode).toBe(0);
    expect((await triplicate(['prune', repository])).exitCode).toBe(0);
    expect(await ids()).toEqual([second]);
  });
});

it('keeps the login of a server out of what it says when it has made a repository there', async () => {
  const folder = join(scratch.path, 'served');
  await mkdir(folder);
  const server = await startRestServer(folder);
  try {
    const made = [await triplicate(['init', `rest:${server.url()}a/`])];
    made.push(await triplicate(['init', `rest:${server.url()}b/`, '--json']));
    for (const { exitCode, stdout, stderr } of made) {
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`rest:http://127.0.0.1:${server.port}/`);
      expect(stdout + stderr).not.toMatch(/tester|p%40ss|word@/);
    }
  } finally {
    await server.close();
  }
});
