import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AttributeReader, type AttributesRead, parseAnswer } from '../../../../main/engine/backup/attributes.ts';
import { type BytePath, bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import { newDirectory } from '../../../../main/engine/backup/directory.ts';
import { listDirectory } from '../../../../main/engine/backup/listing.ts';
import { Selection } from '../../../../main/engine/backup/selection.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const everything = new Selection({
  excludes: [],
  largest: null,
  markers: [],
  cacheTags: 'ignored',
  ownPlaces: [],
});
let scratch: TemporaryFolder;
let reader: AttributeReader;
beforeEach(async () => {
  scratch = await temporaryFolder('attributes');
  reader = new AttributeReader();
});
afterEach(async () => {
  reader.close();
  await scratch.remove();
});

const attributesOf = (path: BytePath) => new Promise<AttributesRead>((resolve) => reader.read(path, resolve));

function listOf(attributes: AttributesRead): (readonly [name: string, value: string])[] | undefined {
  if (attributes === 'unread') throw new Error('The attributes were not read.');
  return attributes?.map(({ name, value }) => [name, Buffer.from(value).toString()]);
}

it('reads attributes of files and folders with any name, and tells who has none', async () => {
  const names = ['plain', 'new\nline', 'back\\slash', 'eq=ual', 'späce é'];
  for (const name of names) {
    const path = join(scratch.path, name);
    await mkdir(path);
    execFileSync('setfattr', ['-n', 'user.note', '-v', `of ${name}`, path]);
  }
  await writeFile(join(scratch.path, 'without'), '');
  const read = (name: string) => attributesOf(bytePathOf(join(scratch.path, name)));
  const answers = await Promise.all(names.map(read));
  expect(answers.map(listOf)).toEqual(names.map((name) => [['user.note', `of ${name}`]]));
  expect(await read('without')).toBeUndefined();
  expect(await read('not there')).toBeUndefined();
  expect(reader.problems).toBe(0);
});

it('answers more questions than one call of the helper takes', async () => {
  const paths = Array.from({ length: 2500 }, () => bytePathOf(scratch.path));
  execFileSync('setfattr', ['-n', 'user.here', '-v', 'yes', scratch.path]);
  const answers = await Promise.all(paths.map(attributesOf));
  expect(answers.every((found) => listOf(found)?.[0]?.[0] === 'user.here')).toBe(true);
});

it('tells a helper that dies from one that is missing, and leaves no question open', async () => {
  const answer = attributesOf(bytePathOf(scratch.path));
  reader.flush();
  const helpers = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)]).toString();
  // The helper of the test before may still be ending.
  const newest = [...helpers.matchAll(/(\d+) perl$/gm)].at(-1);
  process.kill(Number(newest?.[1]), 'SIGKILL');
  // It may have been answered before it was killed.
  expect([undefined, 'unread']).toContain(await answer);
  await expect.poll(() => reader.state).toBe('died');
  expect(await attributesOf(bytePathOf(scratch.path))).toBe('unread');
});

it('leaves out attributes whose names are not UTF-8, and counts them', async () => {
  const path = join(scratch.path, 'file');
  await writeFile(path, '');
  // Read as text, the first two would have the name of the third.
  for (const byte of ['\\xff', '\\xfe', '\\xef\\xbf\\xbd'])
    execFileSync('bash', ['-c', `setfattr -n $'user.${byte}' -v '${byte.length}' "$0"`, path]);
  expect(listOf(await attributesOf(bytePathOf(path)))).toEqual([['user.\ufffd', '12']]);
  expect(reader).toMatchObject({ unstorable: 2, problems: 0 });
});

it('waits for the end of an answer that arrives in pieces', () => {
  const u32 = (value: number): Buffer =>
    Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((n) => n & 255));
  const field = (text: string): Buffer => Buffer.concat([u32(text.length), Buffer.from(text)]);
  const end = u32(0xffffffff);
  const records = [u32(1), u32(2), field('user.empty'), field(''), field('user.full'), field('a'), u32(3), end];
  const answer = Buffer.concat([...records, end]);
  for (let cut = 0; cut < answer.length; cut++) expect(parseAnswer(answer.subarray(0, cut))).toBeUndefined();
  const parsed = parseAnswer(Buffer.concat([answer, u32(0)]));
  expect(parsed?.length).toBe(answer.length);
  expect(parsed?.problems).toBe(1);
  expect(listOf(parsed?.found.get(1))).toEqual([
    ['user.empty', ''],
    ['user.full', 'a'],
  ]);
  expect(parsed?.found.get(3)).toBe('unread');
});

it('reads what is in a directory by names alone, whatever they are, and goes on where there is no directory', async () => {
  const names = ['=plain', '+odd', 'new\nline', 'späce é'];
  const folders = ['first', 'second', 'gone'];
  for (const folder of folders) {
    await mkdir(join(scratch.path, folder));
    for (const name of names) {
      const path = join(scratch.path, folder, name);
      await writeFile(path, '');
      execFileSync('setfattr', ['-n', 'user.note', '-v', `${folder} ${name}`, path]);
    }
  }
  const found: string[] = [];
  let waiting = folders.length * names.length + 1;
  const done = Promise.withResolvers<void>();
  const note = (folder: string, position: number, attributes: AttributesRead): void => {
    found.push(`${folder} ${position}: ${listOf(attributes)?.[0]?.[1] ?? ''}`);
    if (--waiting === 0) done.resolve();
  };
  for (const folder of folders) {
    const path = bytePathOf(join(scratch.path, folder));
    const place = {
      parent: null,
      position: 0,
      path,
      access: path,
      descriptor: null,
      ownsDescriptor: false,
      same: null,
    };
    const directory = newDirectory({ ...place, isListedAhead: false });
    const listing = listDirectory(path, path, everything);
    for (let position = 0; position < listing.count; position++) {
      const asker = {
        attributesRead: (n: number, of: AttributesRead) => note(folder, n, of),
      };
      reader.readListed(asker, position, directory, listing);
    }
  }
  // A path among them, of a directory with attributes of its own.
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'itself', join(scratch.path, 'first')]);
  reader.read(bytePathOf(join(scratch.path, 'first')), (attributes) => note('path', 0, attributes));
  await rm(join(scratch.path, 'gone'), { recursive: true });
  reader.flush();
  await done.promise;
  const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const expected = ['first', 'second'].flatMap((folder) =>
    sorted.map((name, n) => `${folder} ${n}: ${folder} ${name}`),
  );
  expect(found).toEqual([...expected, ...names.map((_, n) => `gone ${n}: `), 'path 0: itself']);
  expect(reader.problems).toBe(0);
});
