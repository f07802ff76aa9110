import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AttributeReader, lineSplitter, parseGetfattr } from '../../../../main/engine/backup/attributes.ts';
import { type BytePath, bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import type { ExtendedAttribute } from '../../../../main/engine/format/tree.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

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

const attributesOf = (path: BytePath) =>
  new Promise<readonly ExtendedAttribute[] | undefined>((resolve) => reader.read(path, resolve));

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
  expect(answers.map((found) => found?.map(({ name, value }) => [name, Buffer.from(value).toString()]))).toEqual(
    names.map((name) => [['user.note', `of ${name}`]]),
  );
  expect(await read('without')).toBeUndefined();
  expect(await read('not there')).toBeUndefined();
  expect(reader.problems).toBe(0);
});

it('answers more questions than one call of the helper takes', async () => {
  const paths = Array.from({ length: 2500 }, () => bytePathOf(scratch.path));
  execFileSync('setfattr', ['-n', 'user.here', '-v', 'yes', scratch.path]);
  const answers = await Promise.all(paths.map(attributesOf));
  expect(answers.every((found) => found?.[0]?.name === 'user.here')).toBe(true);
});

it('tells a helper that dies from one that is missing, and leaves no question open', async () => {
  const answer = attributesOf(bytePathOf(scratch.path));
  reader.flush();
  const helpers = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)]).toString();
  process.kill(Number(/(\d+) xargs/.exec(helpers)?.[1]), 'SIGKILL');
  await answer;
  await expect.poll(() => reader.state).toBe('died');
});

it('takes lines that arrive in pieces as whole ones', () => {
  const wholeLines = lineSplitter();
  expect(['getfattr: /a: Perm', 'ission denied\ngetfattr', ': /b: x\n'].map(wholeLines)).toEqual([
    [],
    ['getfattr: /a: Permission denied'],
    ['getfattr: /b: x'],
  ]);
});

it('reads an attribute without a value', () => {
  const found = parseGetfattr(Buffer.from('# file: /a\nuser.empty\nuser.full=0sYQ==\n\n'));
  expect(found.get('/a')?.map(({ name, value }) => `${name}:${Buffer.from(value)}`)).toEqual([
    'user.empty:',
    'user.full:a',
  ]);
});
