import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
const NOBODY = '65534';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'triplicate-in-place-'));
  await chmod(folder, 0o777);
});
afterEach(async () => {
  execFileSync('chmod', ['-R', 'u+rwX', folder]);
  await rm(folder, { recursive: true });
});

/** A person without the rights of root: they decide nothing for root. */
const asPerson = process.getuid?.() === 0 ? ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'] : [];

function run(...command: readonly string[]) {
  const [program = '', ...args] = [...asPerson, ...command];
  const env = { PATH: process.env.PATH, HOME: folder, TRIPLICATE_PASSWORD: 'a passphrase' };
  return spawnSync(program, args, { encoding: 'utf8', env, cwd: folder });
}
const repo = (...args: readonly string[]) => run(process.execPath, PROGRAM, 'repo', ...args);

describe('a person without the rights of root', () => {
  it('gets files back into read-only folders of theirs, which are read-only afterwards', async ({ skip }) => {
    if (run(process.execPath, PROGRAM, '--version').status !== 0) return skip('this checkout is closed to other users');
    const source = join(folder, 'source');
    run('mkdir', '-p', `${source}/closed/below`, `${source}/untouched`);
    run('sh', '-c', `echo one > ${source}/closed/lost; echo two > ${source}/closed/below/changed`);
    run('chmod', '0555', `${source}/closed/below`, `${source}/closed`, `${source}/untouched`);
    expect(repo('init', 'repository').status).toBe(0);
    expect(repo('backup', 'repository', source).status).toBe(0);
    await rm(join(source, 'closed', 'lost'));
    await writeFile(join(source, 'closed', 'below', 'changed'), 'spoilt');

    const restored = repo(
      'restore',
      'repository',
      'latest',
      '--target',
      '/',
      '--include',
      source,
      '--existing',
      'replace',
    );
    expect(restored.stderr).toBe('');
    expect(restored.status).toBe(0);
    expect(await readFile(join(source, 'closed', 'lost'), 'utf8')).toBe('one\n');
    expect(await readFile(join(source, 'closed', 'below', 'changed'), 'utf8')).toBe('two\n');
    for (const name of ['closed', 'closed/below', 'untouched'])
      expect((await stat(join(source, name))).mode & 0o777).toBe(0o555);
  });

  it('is told why what lies in a folder that they cannot enter is not replaced', async ({ skip }) => {
    if (run(process.execPath, PROGRAM, '--version').status !== 0) return skip('this checkout is closed to other users');
    const source = join(folder, 'source');
    run('mkdir', '-p', `${source}/shut/below`, `${source}/empty`);
    run(
      'sh',
      '-c',
      `echo one > ${source}/shut/file; echo two > ${source}/shut/below/file; echo three > ${source}/empty/new`,
    );
    expect(repo('init', 'repository').status).toBe(0);
    expect(repo('backup', 'repository', source).status).toBe(0);
    await writeFile(join(source, 'shut', 'file'), 'theirs');
    await rm(join(source, 'empty', 'new'));
    run('chmod', '0', `${source}/shut`, `${source}/empty`);
    const given = ['restore', 'repository', 'latest', '--target', '/', '--include', source, '--existing', 'replace'];
    const refused = repo(...given);
    expect(refused.status).toBe(3);
    expect(refused.stderr.match(/shut\/(below\/)?file.*chmod u\+rx/g)).toHaveLength(2);
    expect(refused.stderr).not.toContain('appeared');
    execFileSync('chmod', ['u+rwx', join(source, 'shut'), join(source, 'empty')]);
    expect(await readFile(join(source, 'shut', 'file'), 'utf8')).toBe('theirs');
    expect(await readFile(join(source, 'empty', 'new'), 'utf8')).toBe('three\n');
    expect(repo(...given)).toMatchObject({ status: 0, stderr: '' });
    expect(await readFile(join(source, 'shut', 'file'), 'utf8')).toBe('one\n');
  });

  it('is not told that all is back where the app may not write', async ({ skip }) => {
    if (run(process.execPath, PROGRAM, '--version').status !== 0) return skip('this checkout is closed to other users');
    if (process.getuid?.() !== 0) return skip('only root gives files to others');
    const app = (...args: readonly string[]) =>
      run(process.execPath, PROGRAM, '--home', join(folder, 'state'), ...args);
    const documents = join(folder, 'Documents');
    run('sh', '-c', `mkdir ${documents}; echo mine > ${documents}/letter`);
    app('destination', 'add', 'Disk', join(folder, 'copies'));
    app('folder', 'add', documents);
    expect(app('backup').status).toBe(0);
    run('rm', `${documents}/letter`);
    execFileSync('chown', ['root:root', documents]);
    const restored = app('restore', documents, '--in-place');
    expect(restored.stdout).toContain('0 files restored');
    expect(restored.stdout + restored.stderr).toContain('permission is denied');
    expect(restored.status).toBe(1);
  });

  it('is told in words where nothing may be written', async ({ skip }) => {
    if (run(process.execPath, PROGRAM, '--version').status !== 0) return skip('this checkout is closed to other users');
    run('sh', '-c', 'echo one > file');
    repo('init', 'repository');
    repo('backup', 'repository', 'file');
    await mkdir(join(folder, 'theirs'));
    await chmod(join(folder, 'theirs'), process.getuid?.() === 0 ? 0o700 : 0);
    const refused = repo('restore', 'repository', 'latest', '--target', join(folder, 'theirs', 'new'));
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('permission is denied');
    expect(refused.stderr).not.toMatch(/EACCES|fault of Triplicate/);
  });
});
