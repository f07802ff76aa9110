import { describe, expect, it } from 'vitest';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { pathOf, temporaryName } from '../../../../main/engine/store/layout.ts';
import type { RemoteFile, RemoteTruth } from '../../../../main/engine/store/remote-truth.ts';
import { openRestStore } from '../../../../main/engine/store/rest-store.ts';
import type { FileType } from '../../../../main/engine/store/store.ts';
import { fakeClock } from '../../../support/fake-clock.ts';

const ID = 'a'.repeat(64);
const DAYS_NS = 86_400_000_000_000n;

/**
 * A place behind a server; what it holds, by path, may be changed. `sizes`: what it says of what was put there, one answer after
 * the other.
 */
function place({ uploadsFail = false, sizes = [] as readonly (number | Error | undefined)[] } = {}) {
  const clock = fakeClock();
  const answers = [...sizes];
  const files = new Map<string, number>([['config', 1]]);
  const truth: RemoteTruth = {
    uploads: async () => 'move',
    sizeOf: async (path) => {
      if (path === 'config' || answers.length === 0) return files.get(path);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    list: async (folder) => [...files].filter(([path]) => path.startsWith(folder)).map(toFile),
    upload: async () => {
      throw new TriplicateError('store/full', 'The place is full.');
    },
    move: async (from, to) => {
      files.set(to, files.get(from) ?? 0);
      files.delete(from);
    },
    remove: async (path) => (files.delete(path) ? 'removed' : 'missing'),
    createFolders: async () => undefined,
    space: async () => ({}),
    close: async () => undefined,
  };
  const store = openRestStore({
    location: 'somewhere',
    clock,
    random: (length) => new Uint8Array(length).fill(7),
    truth,
    transport: {
      request: async ({ path, body }) => {
        if (uploadsFail) return { status: 500, body: new Uint8Array(0), length: 0 };
        files.set(path.slice(1), body?.length ?? 0);
        return { status: 200, body: new Uint8Array(0), length: 0 };
      },
      close: async () => undefined,
    },
  });
  return { clock, files, store };
}

function toFile([path, size]: readonly [string, number]): RemoteFile {
  return { path, size };
}

it('sweeps what interrupted uploads left in any folder that was listed', async () => {
  const { clock, files, store } = place();
  const old = clock.now() - 2n * DAYS_NS;
  for (const folder of ['index', 'snapshots', 'locks']) {
    files.set(temporaryName(`${folder}/${ID}`, old, Buffer.from('1234')), 10);
    files.set(temporaryName(`${folder}/${ID}`, clock.now(), Buffer.from('1234')), 10);
  }
  await Promise.all((['locks', 'index', 'snapshots', 'data'] as const).map((type) => store.list(type)));
  await store.put({ type: 'locks', id: ID }, new Uint8Array(5));
  const left = [...files.keys()].filter((path) => path.includes('-tmp-'));
  expect(left).toHaveLength(3);
  expect(left.every((path) => path.includes((clock.now() / 1_000_000_000n).toString(16)))).toBe(true);
});

it('gives each object once, of which the place may hold two', async () => {
  const { files, store } = place();
  files.set(`snapshots/${ID}`, 10);
  files.set(`snapshots/again/${ID}`, 11);
  expect(await store.list('snapshots')).toEqual([{ id: ID, size: 10 }]);
});

it('waits for nothing any more when the bytes did not arrive', async () => {
  const { store } = place({ uploadsFail: true });
  const ready = Promise.withResolvers<void>();
  const stored = store.putAfter?.({ type: 'index', id: ID }, new Uint8Array(5), ready.promise);
  await expect(stored).rejects.toMatchObject({ code: 'store/full' });
  // Nobody listens to it: as a rejection that is not handled it would end the program.
  ready.reject(new TriplicateError('cancelled', 'not now'));
  await new Promise((resolve) => setImmediate(resolve));
});

describe('what is cut short under its final name', () => {
  const away = new TriplicateError('store/unreachable', 'The place does not answer.');
  const putFive = (type: FileType, sizes: readonly (number | Error | undefined)[]) => {
    const { files, store } = place({ sizes });
    const stored = store.put({ type, id: ID }, new Uint8Array(5));
    return { stored, isThere: () => files.has(pathOf({ type, id: ID })) };
  };

  it.each(['snapshots', 'index', 'locks', 'keys'] as const)('is removed from %s', async (type) => {
    const { stored, isThere } = putFive(type, [3, 3]);
    await expect(stored).rejects.toMatchObject({ code: 'store/unreachable', data: { arrived: 3 } });
    expect(isThere()).toBe(false);
  });

  it('stays in data, where it may be all that is left of a pack', async () => {
    const { stored, isThere } = putFive('data', [3, 3]);
    await expect(stored).rejects.toMatchObject({ code: 'store/unreachable' });
    expect(isThere()).toBe(true);
  });

  it.each([
    ['is another the second time', [3, 4]],
    ['is right the second time', [3, 5]],
    ['is unknown', [-1, -1]],
    ['is larger', [6, 6]],
    ['cannot be asked for again', [3, away]],
    ['is that of nothing', [undefined, undefined]],
  ] as const)('stays where its size %s', async (_case, sizes) => {
    const { stored, isThere } = putFive('snapshots', sizes);
    await expect(stored).rejects.toMatchObject({ code: 'store/unreachable' });
    expect(isThere()).toBe(true);
  });
});
