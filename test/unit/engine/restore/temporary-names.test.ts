import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  endMark,
  restoreMark,
  sweepLeftovers,
  type TemporaryThing,
  temporaryName,
} from '../../../../main/engine/restore/temporary-names.ts';
import { ownHost } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let folder: string;
beforeEach(async () => {
  scratch = await temporaryFolder('temporary-names');
  folder = `${scratch.path}/folder`;
  mkdirSync(folder);
});
afterEach(() => scratch.remove());

const DAY_MS = 86_400_000;
const sweep = (host = ownHost()) => sweepLeftovers(Buffer.from(folder), host, () => false);

function makeFolder(mark: string, thing: TemporaryThing): void {
  mkdirSync(`${folder}/${temporaryName(mark, thing)}/below`, { recursive: true });
  writeFileSync(`${folder}/${temporaryName(mark, thing)}/below/file`, 'content');
}

/** As of a restore whose process, on this host, is gone. */
function endedMark(host = ownHost()): string {
  const mark = restoreMark({ ...host, pid: 4_194_304 + 7 });
  endMark(mark);
  return mark;
}

it('takes away files, links and folders of a restore that has ended, and nothing behind a link', () => {
  const mark = endedMark();
  const outside = `${scratch.path}/outside`;
  mkdirSync(outside);
  writeFileSync(`${outside}/mine`, 'mine');
  writeFileSync(`${folder}/${temporaryName(mark, 1)}`, 'half');
  symlinkSync(outside, `${folder}/${temporaryName(mark, 'link')}`);
  symlinkSync('nowhere', `${folder}/${temporaryName(mark, 2)}`);
  makeFolder(mark, 'folder-3');
  symlinkSync(outside, `${folder}/${temporaryName(mark, 'folder-3')}/link`);
  symlinkSync(outside, `${folder}/${temporaryName(mark, 'folder-4')}`);
  sweep();
  expect(readdirSync(folder)).toEqual([]);
  expect(readdirSync(outside)).toEqual(['mine']);
});

it('leaves folders under the names of files and links, which no restore makes', () => {
  const mark = endedMark();
  makeFolder(mark, 1);
  makeFolder(mark, 'link');
  sweep();
  for (const thing of [1, 'link'] as const) {
    expect(existsSync(`${folder}/${temporaryName(mark, thing)}/below/file`)).toBe(true);
  }
});

it('leaves what a restore needs still, in this process, in another, and for a day on another host', () => {
  const host = ownHost();
  const mine = restoreMark(host);
  const others = restoreMark({ ...host, pid: process.ppid });
  const foreign = endedMark({ ...host, hostname: 'elsewhere' });
  for (const mark of [mine, others, foreign]) makeFolder(mark, 'folder-1');
  sweep();
  expect(readdirSync(folder)).toHaveLength(3);
  const clock = { ...host.clock, now: () => host.clock.now() + BigInt(2 * DAY_MS) * 1_000_000n };
  endMark(mine);
  sweep({ ...host, clock });
  expect(readdirSync(folder)).toEqual([temporaryName(others, 'folder-1')]);
  endMark(others);
});

it('leaves what the plan knows', () => {
  const mark = endedMark();
  makeFolder(mark, 'folder-1');
  makeFolder(mark, 'folder-2');
  const known = temporaryName(mark, 'folder-1');
  sweepLeftovers(Buffer.from(folder), ownHost(), (name) => name === known);
  expect(readdirSync(folder)).toEqual([known]);
});
