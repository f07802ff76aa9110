import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { takeSystemLock } from '../../../main/app/system-lock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const code = pathToFileURL(join(import.meta.dirname, '../../../main/app/system-lock.ts')).href;
const ask = `
  const { takeSystemLock } = await import(process.argv[1]);
  const lock = takeSystemLock(process.argv[2], 0);
  process.stdout.write(typeof lock === 'string' ? lock : 'free');`;

async function seenByAnother(path: string): Promise<string> {
  const args = ['--no-warnings', '--input-type=module', '-e', ask, code, path];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

it('stays with whoever has it, also after that process itself has asked for it again', async () => {
  const folder = await temporaryFolder('system-lock');
  const path = join(folder.path, 'running.lock');
  try {
    const lock = takeSystemLock(path, 0);
    if (typeof lock === 'string') throw new Error(`The lock is ${lock}.`);
    expect(takeSystemLock(path, 0)).toBe('taken');
    expect(await seenByAnother(path)).toBe('taken');
    lock.release();
    expect(await seenByAnother(path)).toBe('free');
  } finally {
    await folder.remove();
  }
});
