import { execFileSync } from 'node:child_process';
import {
  chmod,
  copyFile,
  lchown,
  lutimes,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  check,
  dumpFile,
  findEntry,
  findSnapshot,
  loadIndex,
  planRestore,
  type RestoreRequest,
  restore,
} from '../../main/engine/engine.ts';
import { describeAttributes, describeTree } from '../support/compare-trees.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { makeOddTree } from '../support/odd-tree.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let source: string;
let location: string;
let judge: Restic;
let number = 0;

beforeAll(async () => {
  scratch = await temporaryFolder('restore');
  source = join(scratch.path, 'source');
  location = join(scratch.path, 'repository');
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await makeOddTree(source);
  await newRepository(location);
  await judge.backup([source]);
});
afterAll(async () => {
  execFileSync('chmod', ['-R', 'u+rwX', scratch.path]);
  await scratch.remove();
});

async function plan(target: string, options: Partial<RestoreRequest> = {}) {
  const repository = await reopen(location);
  const { snapshot } = await findSnapshot(repository, 'latest');
  return planRestore({ repository, tree: snapshot.tree, target, from: source, existing: 'replace', ...options });
}

const newTarget = (): string => join(scratch.path, `target ${++number}`);

describe('restoring what restic wrote', () => {
  it('gives every byte, mode, owner, time to the nanosecond, link, attribute and special file', async () => {
    const target = newTarget();
    const report = await restore(await plan(target));
    expect(report.leftOut).toEqual([]);
    expect(report.result).toBe('complete');
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
    expect(describeAttributes(target)).toBe(describeAttributes(source));
  });

  it('leaves holes where there were holes', async () => {
    const target = newTarget();
    await restore(await plan(target, { include: [join(source, 'sparse')] }));
    expect((await stat(join(target, 'sparse'))).blocks * 512).toBeLessThan(2 * 1024 * 1024);
  });

  it('restores only what is included, and says when it is not there', async () => {
    const target = newTarget();
    await restore(await plan(target, { include: [join(source, 'many/file 5')] }));
    expect(await readdir(target)).toEqual(['many']);
    expect(await readdir(join(target, 'many'))).toEqual(['file 5']);
    await expect(plan(target, { include: [join(source, 'none')] })).rejects.toMatchObject({ code: 'path/not-found' });
  });

  it.each([['many/file 1*'], ['file 5', 'sparse'], ['/**/file ?'], ['ma[l-n]y']])(
    'takes the patterns of case %# as restic does',
    async (...includePatterns: string[]) => {
      const [ours, theirs] = [newTarget(), newTarget()];
      await restore(await plan(ours, { from: '/', includePatterns }));
      const flags = includePatterns.flatMap((pattern) => ['--include', pattern]);
      await judge.run('restore', 'latest', '--target', theirs, ...flags);
      const names = (root: string) => execFileSync('find', ['.'], { cwd: root, encoding: 'latin1' }).split('\n').sort();
      expect(names(ours).length).toBeGreaterThan(5);
      expect(names(ours)).toEqual(names(theirs));
    },
  );

  it('names a pattern that fits nothing, and refuses when none fits', async () => {
    const some = await plan(newTarget(), { from: '/', includePatterns: ['sparse', 'nowhere*'] });
    expect(some.leftOut).toMatchObject([{ path: 'nowhere*', reason: 'missing' }]);
    for (const pattern of ['nowhere*', '!sparse']) {
      const refused = plan(newTarget(), { from: '/', includePatterns: [pattern] });
      await expect(refused).rejects.toMatchObject({ code: 'path/not-found' });
    }
  });

  it('finds everything unchanged the second time', async () => {
    const target = newTarget();
    const first = await plan(target);
    expect(first.counts.new).toBe(first.entries.length);
    await restore(first);
    const second = await plan(target);
    expect(second.counts).toEqual({ new: 0, replaced: 0, kept: 0, beside: 0, unchanged: first.entries.length });
    expect(second.bytes).toBe(0);
    expect((await restore(second)).result).toBe('complete');
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
  });

  it('leaves a folder its time when something in it is replaced', async () => {
    const target = newTarget();
    await restore(await plan(target));
    // Spoilt where it is: neither its time nor that of the folder tells.
    const file = join(target, 'closed/read only');
    const { atime, mtime } = await stat(file);
    await chmod(file, 0o600);
    await writeFile(file, 'x');
    await chmod(file, 0o400);
    await utimes(file, atime, mtime);
    const again = await plan(target);
    expect(again.counts).toMatchObject({ replaced: 1, new: 0 });
    expect((await restore(again)).result).toBe('complete');
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
  });

  it('puts owner and time of a link right that is there already, and nothing of what it leads to', async () => {
    const target = newTarget();
    await restore(await plan(target));
    for (const name of ['dangling', 'to a folder']) {
      await lutimes(join(target, name), 1, 1);
      if (process.getuid?.() === 0) await lchown(join(target, name), 12345, 12345);
    }
    const again = await plan(target);
    expect(again.counts).toMatchObject({ new: 0, replaced: 0 });
    expect((await restore(again)).result).toBe('complete');
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
  });

  it('makes two files one again that are one in the snapshot', async () => {
    const target = newTarget();
    const again = (existing: 'replace' | 'skip' = 'replace') =>
      plan(target, { existing, include: [join(source, 'many')] });
    await restore(await again());
    const [tree, attributes] = [describeTree(target), describeAttributes(target)];
    const [first, second] = [join(target, 'many/also 7'), join(target, 'many/file 7')];
    const part = async (name: string, other: string): Promise<void> => {
      await rm(name);
      await copyFile(other, name);
    };
    const spoilt = [
      () => part(second, first),
      () => part(first, second),
      // One is missing, or has other content: the one that is whole becomes a name of the new file.
      () => rm(first),
      () => rm(first).then(() => writeFile(first, 'other')),
    ];
    for (const spoil of spoilt) {
      await spoil();
      const planned = await again();
      const replaced = planned.entries.filter(({ action }) => action === 'replaced').map(({ text }) => text);
      expect(replaced).toContain(join(source, 'many/file 7'));
      expect((await restore(planned)).result).toBe('complete');
      expect(describeTree(target).slice(1)).toEqual(tree.slice(1));
      expect(describeAttributes(target)).toBe(attributes);
    }
    expect((await again()).counts).toMatchObject({ new: 0, replaced: 0 });
    await part(second, first);
    const { ino } = await stat(second);
    await restore(await again('skip'));
    expect((await stat(second)).ino).toBe(ino);
  });

  it('leaves a file alone whose other name has changed since the plan was made', async () => {
    const target = newTarget();
    const again = () => plan(target, { include: [join(source, 'many')] });
    await restore(await again());
    const [first, second] = [join(target, 'many/also 7'), join(target, 'many/file 7')];
    await rm(second);
    await copyFile(first, second);
    const planned = await again();
    await writeFile(first, 'changed');
    const report = await restore(planned);
    expect(report.leftOut).toMatchObject([{ path: join(source, 'many/file 7'), reason: 'failed' }]);
    expect(await readFile(second)).toEqual(await readFile(join(source, 'many/file 7')));
  });

  it.each([
    ['skip', 'mine', ['file 5']],
    ['replace', 'theirs', ['file 5']],
    ['keep-both', 'mine', ['file 5', 'file 5 (restored)']],
  ] as const)('treats an existing file by the rule %s', async (existing, expected, names) => {
    const target = newTarget();
    await mkdir(join(target, 'many'), { recursive: true });
    await writeFile(join(target, 'many/file 5'), 'mine');
    await restore(await plan(target, { existing, include: [join(source, 'many/file 5')] }));
    const theirs = await readFile(join(source, 'many/file 5'));
    const found = await readFile(join(target, 'many/file 5'));
    expect(found).toEqual(expected === 'mine' ? Buffer.from('mine') : theirs);
    expect(await readdir(join(target, 'many'))).toEqual(names);
    if (existing === 'keep-both') expect(await readFile(join(target, 'many/file 5 (restored)'))).toEqual(theirs);
  });

  it('compares bytes when size is equal and time is not', async () => {
    const target = newTarget();
    await restore(await plan(target));
    await utimes(join(target, 'many/file 9'), 1, 1);
    const before = await stat(join(target, 'many/file 10'));
    await writeFile(join(target, 'many/file 10'), Buffer.alloc(before.size, 1));
    const again = await plan(target);
    expect(again.entries.filter(({ action }) => action === 'replaced').map(({ text }) => text)).toEqual([
      join(source, 'many/file 10'),
    ]);
    await restore(again);
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
  });

  it('never writes through a link in the target', async () => {
    const target = newTarget();
    const outside = join(scratch.path, 'outside');
    await mkdir(target);
    await mkdir(outside, { recursive: true });
    await symlink(outside, join(target, 'many'));
    const skipped = await restore(await plan(target, { existing: 'skip' }));
    expect(skipped.leftOut.map(({ path, reason }) => [path, reason])).toEqual([[join(source, 'many'), 'in-the-way']]);
    expect(await readdir(outside)).toEqual([]);
    await restore(await plan(target, { existing: 'replace' }));
    expect(await readdir(outside)).toEqual([]);
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
  });

  it('leaves no temporary file and no half file when it is cancelled', async () => {
    const target = newTarget();
    const cancel = new AbortController();
    const started = await plan(target, { signal: cancel.signal, onProgress: () => cancel.abort() });
    cancel.abort();
    await expect(restore(started)).rejects.toMatchObject({ code: 'cancelled' });
    const left = execFileSync('find', [target, '-name', '.triplicate*'], { encoding: 'utf8' });
    expect(left).toBe('');
    await rm(target, { recursive: true, force: true });
  });

  it('shows a single file, and the whole repository passes our own check', async () => {
    const repository = await reopen(location);
    const { snapshot } = await findSnapshot(repository, 'latest');
    const { index } = await loadIndex(repository);
    const node = await findEntry(repository, index, snapshot.tree, join(source, 'large'));
    const parts: Uint8Array[] = [];
    for await (const part of dumpFile(repository, index, node)) parts.push(part);
    expect(Buffer.concat(parts).equals(await readFile(join(source, 'large')))).toBe(true);
    const report = await check({ repository, read: 'data' });
    expect(report.findings).toEqual([]);
    expect(report.packsRead).toBe(report.packs);
  });
});
