import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BackupReport, backup } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE, reopen, subtreeAt } from '../support/engine.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let source: string;
let location: string;
let judge: Restic;

beforeEach(async () => {
  scratch = await temporaryFolder('backup');
  source = join(scratch.path, 'source');
  location = join(scratch.path, 'repository');
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await makeTree(source);
});
afterEach(() => scratch.remove());

/** What is hard to keep: odd names, links, times before 1970, modes, large and empty files. */
async function makeTree(root: string): Promise<void> {
  await mkdir(join(root, 'deep/er/est'), { recursive: true });
  await mkdir(join(root, 'empty folder'));
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, 'deep/er/est/letter.txt'), 'dear reader\n'.repeat(500));
  await writeFile(join(root, 'quotes " and \\ and \n line <&>'), 'odd');
  await writeFile(Buffer.concat([Buffer.from(`${root}/not utf-8 `), Buffer.from([0xff, 0xfe])]), 'bytes');
  await writeFile(join(root, 'emoji 😀 é é.txt'), 'x');
  await writeFile(join(root, 'random.bin'), randomBytes(9 * 1024 * 1024));
  await writeFile(join(root, 'zeros.bin'), Buffer.alloc(20 * 1024 * 1024));
  await writeFile(join(root, 'old'), 'before the epoch');
  await utimes(join(root, 'old'), -86400 * 365, -86400 * 365);
  await link(join(root, 'old'), join(root, 'old, again'));
  await symlink('nowhere', join(root, 'dangling'));
  await symlink('..', join(root, 'deep/loop'));
  await chmod(join(root, 'deep/er'), 0o2750);
  execFileSync('mkfifo', [join(root, 'pipe')]);
  execFileSync('setfattr', ['-n', 'user.comment', '-v', 'kept', join(root, 'random.bin')]);
}

async function run(paths: readonly string[] = [source], extra: object = {}): Promise<BackupReport> {
  const repository = await reopen(location);
  return backup({ destinations: [{ repository }], paths, workingDirectory: scratch.path, ...extra });
}

describe('a backup by Triplicate', () => {
  it('passes restic check with all data read', async () => {
    await newRepository(location);
    const report = await run();
    expect(report.results[0]?.snapshotId).toBeDefined();
    expect(report.leftOut).toEqual([]);
    await judge.check('--read-data');
  });

  it('is seen as unchanged by restic, which adds nothing for the files', async () => {
    await newRepository(location);
    await run();
    const summary = await judge.backup([source]);
    expect(summary).toMatchObject({ files_new: 0, files_changed: 0, data_blobs: 0 });
    expect(summary.files_unmodified).toBeGreaterThan(8);
    await judge.backup([source], '--force');
    const repository = await reopen(location);
    const trees = (await judge.snapshots()).map(({ tree }) => subtreeAt(repository, tree, source));
    const [ours, ...theirs] = await Promise.all(trees);
    expect(ours).toBeDefined();
    expect(theirs).toEqual([ours, ours]);
  });

  it('takes a snapshot of restic as its parent and adds nothing', async () => {
    await newRepository(location);
    await judge.backup([source]);
    const report = await run();
    expect(report.filesNew + report.filesChanged).toBe(0);
    expect(report.bytesRead).toBe(0);
    expect(report.results[0]).toMatchObject({ dataBlobsAdded: 0 });
    const [first] = await judge.snapshots();
    expect(report.parents).toEqual([first?.id]);
  });

  it('restores by restic to the same bytes and metadata', async () => {
    await newRepository(location);
    await run();
    await judge.restore('latest', join(scratch.path, 'restored'), '--verify');
    const restored = join(scratch.path, 'restored', source);
    expect(listing(restored)).toEqual(listing(source));
    execFileSync('diff', ['-r', '--no-dereference', source, restored].concat('--exclude=pipe'));
  });

  it('counts the files of folders that are gone or have another name', async () => {
    await newRepository(location);
    await mkdir(join(source, 'shelf/below/further'), { recursive: true });
    for (const name of ['one', 'below/two', 'below/further/three']) await writeFile(join(source, 'shelf', name), name);
    await mkdir(join(source, 'attic/empty'), { recursive: true });
    await writeFile(join(source, 'attic/four'), 'four');
    await run();
    await rename(join(source, 'shelf'), join(source, 'renamed'));
    await rm(join(source, 'attic'), { recursive: true });
    await writeFile(join(source, 'attic'), 'a file in the place of a folder');
    expect(await run()).toMatchObject({ filesNew: 4, filesChanged: 0, filesRemoved: 4 });
    await rm(join(source, 'renamed'), { recursive: true });
    expect(await run()).toMatchObject({ filesNew: 0, filesChanged: 0, filesRemoved: 3 });
  });

  it('stores only what changed', async () => {
    await newRepository(location);
    await run();
    await writeFile(join(source, 'deep/er/new.txt'), 'new');
    await rename(join(source, 'random.bin'), join(source, 'renamed.bin'));
    await rm(join(source, 'empty'));
    const report = await run();
    expect(report).toMatchObject({ filesNew: 2, filesChanged: 0, filesRemoved: 2 });
    expect(report.results[0]?.dataBlobsAdded).toBe(1);
    await judge.check('--read-data');
  });

  it('reads once for two destinations, each with its own keys', async () => {
    const other = join(scratch.path, 'other');
    const first = await newRepository(location);
    const second = await newRepository(other, { chunkerPolynomial: first.config.chunkerPolynomial });
    const report = await backup({
      destinations: [{ repository: first }, { repository: second }],
      paths: [source],
      workingDirectory: scratch.path,
    });
    expect(report.results.map(({ snapshotId }) => typeof snapshotId)).toEqual(['string', 'string']);
    await judge.check('--read-data');
    await restic({ repository: other, passphrase: PASSPHRASE, scratch: scratch.path }).check('--read-data');
  });

  it('lays relative, nested and repeated paths out as restic does', async () => {
    await newRepository(location);
    const paths = [join(source, 'deep'), join(source, 'deep/er'), join(source, 'empty folder')];
    const report = await run(paths);
    const summary = await judge.backup(paths);
    expect(summary).toMatchObject({ files_new: 0, files_unmodified: 1, data_blobs: 0 });
    // Folders above may have got new times meanwhile, so names are compared, not tree ids.
    const names = async (id: string | undefined) => (await judge.run('ls', id ?? '')).stdout.split('\n').slice(1);
    expect(await names(summary.snapshot_id)).toEqual(await names(report.results[0]?.snapshotId));
  });

  it.each([
    ['the folder first', ['{}', '{}/letters/link/sub']],
    ['the folder last', ['{}/letters/link/sub/file', '{}']],
    ['the link itself', ['{}/letters/link', '{}/letters/link/sub']],
    ['the folder it is in, and one below', ['{}/letters/link/sub', '{}/letters', '{}', '{}/letters/link/other']],
  ])('takes what is named behind a link in a folder that is named too, as restic does: %s', async (_, given) => {
    await newRepository(location);
    const paths = given.map((path) => path.replace('{}', join(scratch.path, 'links')));
    await mkdir(join(scratch.path, 'links/letters/deep'), { recursive: true });
    await mkdir(join(scratch.path, 'elsewhere/sub'), { recursive: true });
    for (const name of ['links/letters/one', 'links/letters/deep/two', 'elsewhere/sub/file', 'elsewhere/other'])
      await writeFile(join(scratch.path, name), name);
    await symlink('../../elsewhere', join(scratch.path, 'links/letters/link'));
    await symlink('letters/link', join(scratch.path, 'links/again'));
    const report = await run(paths);
    const summary = await judge.backup(paths);
    const names = async (id: string | undefined) => (await judge.run('ls', id ?? '')).stdout.split('\n').slice(1);
    expect(await names(report.results[0]?.snapshotId)).toContain(join(scratch.path, 'links/letters/link/sub/file'));
    expect(await names(report.results[0]?.snapshotId)).toEqual(await names(summary.snapshot_id));
    expect(summary).toMatchObject({ files_new: 0, data_blobs: 0 });
    await judge.check();
  });

  it.each([
    { path: '.', below: '' },
    { path: '..', below: 'here' },
  ])('takes entries of `$path` with names of any bytes, as restic does', async ({ path, below }) => {
    await newRepository(location);
    const names = join(scratch.path, 'names');
    await mkdir(join(names, 'here'), { recursive: true });
    const place = (name: string): Buffer => Buffer.concat([Buffer.from(`${names}/`), Buffer.from(name, 'latin1')]);
    // One is what another becomes when it is read as text, one is the letter that another's byte stands for.
    const files = ['x\xff', 'x\xef\xbf\xbd', 'x\xc3\xbf', 'x', '\xe9t\xe9'];
    for (const name of files) await writeFile(place(name), `content of ${Buffer.from(name, 'latin1').toString('hex')}`);
    await symlink('nowhere', place('link \xfe'));
    await mkdir(place('folder \xff'));
    await writeFile(place('folder \xff/inner \xfe'), 'in a folder');
    const workingDirectory = join(names, below);
    const theirs = restic({
      repository: location,
      passphrase: PASSPHRASE,
      scratch: scratch.path,
      cwd: workingDirectory,
    });
    const treeOf = async (id: string): Promise<string | undefined> =>
      (await theirs.snapshots()).find((snapshot) => snapshot.id.startsWith(id))?.tree;

    const report = await run([path], { workingDirectory });
    expect(report).toMatchObject({ filesNew: files.length + 1, leftOut: [] });
    const summary = await theirs.backup([path], '--force');
    expect(summary).toMatchObject({ data_blobs: 0, tree_blobs: 0 });
    expect(await treeOf(summary.snapshot_id)).toBe(report.tree);
    const known = report.directoryCache ? { directoryCache: report.directoryCache } : {};
    const again = await run([path], { workingDirectory, ...known });
    expect(again).toMatchObject({ filesUnchanged: files.length + 1, bytesRead: 0, tree: report.tree });

    await writeFile(place('x\xff'), 'another content');
    await writeFile(place('folder \xff/new \xfe'), 'new');
    const watched = await run([path], { workingDirectory, dirtyDirectories: new Set([names]) });
    expect(watched).toMatchObject({ scan: 'changes', filesNew: 1, filesChanged: 1, leftOut: [] });
    expect(await treeOf((await theirs.backup([path], '--force')).snapshot_id)).toBe(watched.tree);
    await judge.check('--read-data');
  });

  it('makes no snapshot of nothing', async () => {
    const repository = await newRepository(join(scratch.path, 'of nothing'));
    const empty = join(scratch.path, 'an empty folder');
    await mkdir(empty);
    const request = { destinations: [{ repository }], workingDirectory: empty };
    for (const paths of [[source], ['../source'], ['.']]) {
      const refused = backup({ ...request, paths, excludes: ['source'] });
      await expect(refused).rejects.toMatchObject({ code: 'source/nothing-left' });
    }
    const secret = join(scratch.path, 'secret');
    await mkdir(secret);
    await chmod(secret, 0);
    if (process.getuid?.() !== 0) {
      await expect(backup({ ...request, paths: [secret] })).rejects.toMatchObject({ code: 'source/nothing-left' });
    }
    expect((await backup({ ...request, paths: [empty] })).directories).toBe(1);
  });

  it('never backs up its own destination', async () => {
    const inside = join(source, 'destination');
    const repository = await newRepository(inside);
    const report = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: scratch.path });
    expect(report.excluded).toBe(1);
    const below = backup({ destinations: [{ repository }], paths: [join(inside, 'data')], workingDirectory: '/' });
    await expect(below).rejects.toMatchObject({ code: 'source/nothing-left' });
  });
});

/** Type, mode, size, owner, links and times to the nanosecond of everything below, sorted. */
function listing(root: string): readonly string[] {
  const format = '%y %m %s %U %G %n %T@ %l %P\\0';
  const output = execFileSync('find', ['.', '-mindepth', '1', '-printf', format], { cwd: root, encoding: 'latin1' });
  // The size of a folder is the file system's own business.
  return output
    .split('\0')
    .map((line) => line.replace(/^d (\d+) \d+/, 'd $1'))
    .sort();
}
