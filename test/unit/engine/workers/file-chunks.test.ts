import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BytePath, bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import { generatePolynomial } from '../../../../main/engine/format/polynomial.ts';
import {
  FILE_FAILED,
  FILE_READ,
  FILE_UNSTEADY,
  FILE_VANISHED,
} from '../../../../main/engine/workers/backup-messages.ts';
import { FileChunks } from '../../../../main/engine/workers/file-chunks.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

/** Called before each reading of a stretch; what it throws is what the system says. */
const beforeRead = vi.hoisted(() => ({ hook: (): void => undefined }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const readSync = (...args: Parameters<typeof real.readSync>): number => {
    beforeRead.hook();
    return real.readSync(...args);
  };
  return { ...real, readSync };
});

const MB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let scratch: TemporaryFolder;
let files: FileChunks;
/** What was stored: by the hash that was taken when the chunk was cut, the hash of what was there when it was stored. */
let stored: Map<string, string>;

beforeEach(async () => {
  scratch = await temporaryFolder('file-chunks');
  beforeRead.hook = () => undefined;
  stored = new Map();
  const waiting: { readonly id: string; readonly bytes: Uint8Array }[] = [];
  const sink = {
    begin: () => undefined,
    chunk: (bytes: Uint8Array) => void waiting.push({ id: sha256(bytes), bytes }),
    settle: async () => {
      for (const { id, bytes } of waiting.splice(0)) stored.set(id, sha256(bytes));
    },
  };
  files = new FileChunks(
    generatePolynomial((bytes) => randomBytes(bytes)),
    sink,
    () => undefined,
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  return scratch.remove();
});

function fileOf(name: string, content: Uint8Array): BytePath {
  writeFileSync(join(scratch.path, name), content);
  return bytePathOf(join(scratch.path, name));
}

function seenOf(path: string): { readonly size: number; readonly changeTime: bigint } {
  const { size, ctimeNs } = lstatSync(path, { bigint: true });
  return { size: Number(size), changeTime: ctimeNs };
}

function failAt(reading: number, code: string): void {
  let readings = 0;
  beforeRead.hook = () => {
    if (++readings === reading) throw Object.assign(new Error(`${code}: i/o error, read`), { code, syscall: 'read' });
  };
}

describe('a file that cannot be read to its end', () => {
  it.each([2, 3, 5, 7])(
    'leaves what was cut of it as it was cut, whatever is read after it: reading %i',
    async (reading) => {
      const small = fileOf('small', randomBytes(1000));
      const bad = fileOf('bad', randomBytes(14 * MB));
      const next = fileOf('next', randomBytes(5 * MB));
      expect(await files.read(small, seenOf(small))).toMatchObject({ outcome: FILE_READ });
      failAt(reading, 'EIO');
      expect(await files.read(bad, seenOf(bad))).toMatchObject({ outcome: FILE_FAILED, failure: { code: 'EIO' } });
      beforeRead.hook = () => undefined;
      expect(await files.read(next, seenOf(next))).toMatchObject({ outcome: FILE_READ, size: 5 * MB });
      await files.settle();
      expect(stored.size).toBeGreaterThan(2);
      for (const [id, was] of stored) expect(was).toBe(id);
      expect([...stored.keys()]).toContain(sha256(readFileSync(small)));
    },
  );
});

describe('what takes the place of a file', () => {
  it.each([{ size: 0 }, { size: 10 }, { size: 3 * MB }])(
    'is not read on when it is a device, which has no end: instead of $size bytes',
    async ({ size }) => {
      const small = fileOf('small', randomBytes(1000));
      expect(await files.read(small, seenOf(small))).toMatchObject({ outcome: FILE_READ });
      let readings = 0;
      beforeRead.hook = () => {
        if (++readings > 10) throw new Error('It is read for ever.');
      };
      const seen = { size, changeTime: seenOf(small).changeTime };
      expect(await files.read(bytePathOf('/dev/zero'), seen)).toMatchObject({ outcome: FILE_VANISHED });
      const next = fileOf('next', randomBytes(MB));
      expect(await files.read(next, seenOf(next))).toMatchObject({ outcome: FILE_READ, size: MB });
      await files.settle();
      for (const [id, was] of stored) expect(was).toBe(id);
      expect([...stored.keys()]).toContain(sha256(readFileSync(small)));
    },
  );
});

describe('a file that keeps changing', () => {
  it('has the times from before it was read last, so that the next run reads what this one missed', async () => {
    const path = fileOf('database', randomBytes(MB));
    const seen = seenOf(path);
    let version = 0;
    beforeRead.hook = () => writeFileSync(path, Buffer.alloc(MB, ++version));
    const { outcome, fresh } = await files.read(path, seen);
    expect(outcome).toBe(FILE_UNSTEADY);
    expect(fresh?.ctimeNs).toBeGreaterThan(seen.changeTime);
    expect(fresh?.ctimeNs).toBeLessThan(seenOf(path).changeTime);
  });

  it('is read again, and no more than that, when it has changed once', async () => {
    const path = fileOf('letter', Buffer.from('first'));
    let changes = 0;
    beforeRead.hook = () => {
      if (changes++ === 0) writeFileSync(path, 'second');
    };
    const { outcome, size, fresh } = await files.read(path, seenOf(path));
    expect({ outcome, size }).toEqual({ outcome: FILE_READ, size: 6 });
    expect(fresh?.ctimeNs).toBe(seenOf(path).changeTime);
  });
});

describe('a file that changed a moment ago', () => {
  const MS = 1_000_000n;
  let waits: number[];
  let now: number;
  beforeEach(() => {
    waits = [];
    now = 1_800_000_000_007;
    vi.spyOn(Date, 'now').mockImplementation(() => now);
    vi.spyOn(Atomics, 'wait').mockImplementation((...args: unknown[]) => {
      waits.push(args[3] as number);
      return 'timed-out';
    });
  });

  async function readChangedAt(ms: number): Promise<void> {
    const path = fileOf('new', Buffer.from('content'));
    await files.read(path, { size: 7, changeTime: BigInt(ms) * MS });
  }
  /** The first reading of those that were seen at another time than the file has is followed by others. */
  const firstWait = async (ms: number): Promise<number | undefined> => {
    waits.length = 0;
    await readChangedAt(ms);
    return waits[0];
  };

  it('waits until its time has moved on', async () => {
    expect(await firstWait(now)).toBe(21);
    expect(await firstWait(now - 15)).toBe(6);
    expect(await firstWait(now - 20)).toBeUndefined();
  });

  it('waits longer where times are in whole seconds, or in every second one, as file systems have them that know no parts', async () => {
    const [odd, even] = [1_800_000_001_000, 1_800_000_002_000];
    now = odd + 300;
    expect(await firstWait(odd)).toBe(721);
    now = even + 300;
    expect(await firstWait(even)).toBe(1721);
    now = even + 2020;
    expect(await firstWait(even)).toBeUndefined();
  });

  it('waits as well after the clock was put back, and when the machine has slept', async () => {
    expect(await firstWait(now - 20)).toBeUndefined();
    now -= 3_600_000;
    expect(await firstWait(now)).toBe(21);
    vi.spyOn(performance, 'now').mockReturnValue(0);
    now += 7_200_000;
    expect(await firstWait(now)).toBe(21);
  });

  it('waits once for a server whose clock is ahead, and never for times that no change can have', async () => {
    expect(await firstWait(now + 5000)).toBe(21);
    expect(await firstWait(now + 5000)).toBeUndefined();
    expect(await firstWait(now + 4000)).toBeUndefined();
    expect(await firstWait(now + 3_600_000)).toBeUndefined();
  });

  it('waits before each further reading', async () => {
    const path = fileOf('busy', Buffer.from('content'));
    vi.mocked(Date.now).mockImplementation(() => Number(seenOf(path).changeTime / MS));
    let changes = 0;
    beforeRead.hook = () => {
      if (changes++ < 2) writeFileSync(path, `chang ${changes}`);
    };
    await files.read(path, { size: 7, changeTime: 0n });
    expect(waits.length).toBeGreaterThanOrEqual(2);
  });
});
