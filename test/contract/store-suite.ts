import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TriplicateError } from '../../main/engine/errors.ts';
import { putAfter } from '../../main/engine/store/put-after.ts';
import { CONFIG_FILE, type FileName, type FileType, type WriteStore } from '../../main/engine/store/store.ts';

/** A place with one store on it; `close` removes both. */
export interface StoreUnderTest {
  readonly store: WriteStore;
  /** Puts bytes under a path relative to the repository's root, past the store: what other programs leave behind. */
  readonly plant?: (path: string, bytes: Uint8Array) => Promise<void>;
  /** What really is in a folder of the repository, temporary names included. */
  readonly names?: (folder: string) => Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Time for bytes to travel in. */
const AHEAD_MS = 150;

/** An object as repositories have them: named by the SHA-256 of its content. */
export function storedObject(type: FileType, bytes: Uint8Array): { name: FileName; bytes: Uint8Array } {
  return { name: { type, id: createHash('sha256').update(bytes).digest('hex') }, bytes };
}

const ROOMS: readonly FileType[] = ['keys', 'locks', 'snapshots', 'index', 'data'];

/** What every store and every wrapper around one must do (`main/engine/store/store.ts`). */
export function describeStore(title: string, make: () => Promise<StoreUnderTest>): void {
  describe(title, () => {
    let place: StoreUnderTest;
    let store: WriteStore;
    beforeEach(async () => {
      place = await make();
      store = place.store;
    });
    afterEach(() => place.close());

    /** A repository as far as a store can tell. */
    const create = async () => {
      await store.create();
      await store.put(CONFIG_FILE, Buffer.from('the config'));
    };

    it('is absent before it is created, and present when it has a config', async () => {
      expect(await store.stat()).toMatchObject({ repository: 'absent' });
      await store.create();
      expect(await store.stat()).toMatchObject({ repository: 'absent' });
      await store.put(CONFIG_FILE, Buffer.from('the config'));
      const status = await store.stat();
      expect(status.repository).toBe('present');
      expect(status.latencyMs).toBeGreaterThanOrEqual(0);
    });

    it('gives a missing config as not found, before and after the folders are made', async () => {
      await store.create();
      await expect(store.get(CONFIG_FILE)).rejects.toMatchObject({ code: 'store/not-found' });
      expect(await store.list('config')).toEqual([]);
      expect(await store.list('keys')).toEqual([]);
    });

    it('never overwrites a config with another one', async () => {
      await create();
      await store.put(CONFIG_FILE, Buffer.from('the config'));
      await expect(store.put(CONFIG_FILE, Buffer.from('another!!!'))).rejects.toMatchObject({ code: 'store/exists' });
      expect(Buffer.from(await store.get(CONFIG_FILE)).toString()).toBe('the config');
      expect(await store.list('config')).toEqual([{ id: '', size: 10 }]);
    });

    it('replaces a config only when asked to, also by one of the same size', async () => {
      await create();
      await store.get(CONFIG_FILE);
      for (const text of ['another!!!', 'one that is longer', 'another!!!']) {
        await store.replaceConfig(Buffer.from(text));
        expect(Buffer.from(await store.get(CONFIG_FILE)).toString()).toBe(text);
        expect(await store.list('config')).toEqual([{ id: '', size: text.length }]);
      }
      await expect(store.put(CONFIG_FILE, Buffer.from('the config'))).rejects.toMatchObject({ code: 'store/exists' });
    });

    it('creates twice without harm', async () => {
      await create();
      const { name, bytes } = storedObject('keys', randomBytes(64));
      await store.put(name, bytes);
      await store.create();
      expect(await store.list('keys')).toEqual([{ id: name.id, size: 64 }]);
    });

    it.each(ROOMS)(
      'gives back what was put into %s, lists it with its size, and forgets it when removed',
      async (type) => {
        await create();
        expect(await store.list(type)).toEqual([]);
        const { name, bytes } = storedObject(type, randomBytes(1000));
        await store.put(name, bytes);
        expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
        expect(await store.list(type)).toEqual([{ id: name.id, size: 1000 }]);
        await store.remove(name);
        expect(await store.list(type)).toEqual([]);
        await expect(store.get(name)).rejects.toMatchObject({ code: 'store/not-found' });
        await expect(store.remove(name)).rejects.toMatchObject({ code: 'store/not-found' });
      },
    );

    it('reads ranges, and calls one beyond the end corrupt', async () => {
      await create();
      const { name, bytes } = storedObject('data', randomBytes(100_000));
      await store.put(name, bytes);
      for (const [offset, length] of [
        [0, 1],
        [0, 100_000],
        [99_999, 1],
        [12_345, 54_321],
        [5, 0],
      ] as const) {
        const part = await store.get(name, { offset, length });
        expect(Buffer.compare(part, bytes.subarray(offset, offset + length))).toBe(0);
        for (const size of [length, length + 10, Math.max(0, length - 1)]) {
          const room = Buffer.alloc(size, 7);
          const answer = await store.get(name, { offset, length, room });
          expect(Buffer.compare(answer, bytes.subarray(offset, offset + length))).toBe(0);
          if (answer.buffer === room.buffer) expect(answer.byteOffset).toBe(room.byteOffset);
          expect(room.subarray(length).every((byte) => byte === 7)).toBe(true);
        }
      }
      for (const range of [
        { offset: 99_999, length: 2 },
        { offset: 200_000, length: 10 },
        // As a damaged index asks: Node ends the process when it reads so much at once.
        { offset: 10, length: 2 ** 31 },
        { offset: 0, length: 2 ** 32 - 1 },
      ]) {
        await expect(store.get(name, range)).rejects.toMatchObject({ code: 'store/corrupt' });
      }
      const missing = storedObject('data', randomBytes(8)).name;
      await expect(store.get(missing, { offset: 1, length: 2 })).rejects.toMatchObject({ code: 'store/not-found' });
    });

    it('carries a pack of 16 MiB and a few bytes', async () => {
      await create();
      const { name, bytes } = storedObject('data', randomBytes((16 << 20) + 13));
      await store.put(name, bytes);
      expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
      expect(await store.list('data')).toEqual([{ id: name.id, size: bytes.length }]);
    });

    it('takes the same object twice', async () => {
      await create();
      const { name, bytes } = storedObject('data', randomBytes(5000));
      await store.put(name, bytes);
      await store.put(name, bytes);
      expect(await store.list('data')).toEqual([{ id: name.id, size: 5000 }]);
    });

    it('shows what travelled ahead when it is ready, and not before', async () => {
      await create();
      const { name, bytes } = storedObject('index', randomBytes(5000));
      const ready = Promise.withResolvers<void>();
      const stored = putAfter(store, name, bytes, ready.promise);
      await wait(AHEAD_MS);
      expect(await store.list('index')).toEqual([]);
      ready.resolve();
      await stored;
      expect(await store.list('index')).toEqual([{ id: name.id, size: 5000 }]);
      expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
      const again = Promise.resolve();
      await putAfter(store, name, bytes, again);
      expect(await store.list('index')).toEqual([{ id: name.id, size: 5000 }]);
    });

    it('leaves nothing of what travelled ahead for nothing', async () => {
      await create();
      const { name, bytes } = storedObject('index', randomBytes(5000));
      const ready = Promise.withResolvers<void>();
      const stored = putAfter(store, name, bytes, ready.promise);
      stored.catch(() => undefined);
      await wait(AHEAD_MS);
      ready.reject(new TriplicateError('cancelled', 'not now'));
      await expect(stored).rejects.toMatchObject({ code: 'cancelled' });
      expect(await store.list('index')).toEqual([]);
      if (place.names) expect(await place.names('index')).toEqual([]);
    });

    it('does many things at once', async () => {
      await create();
      const objects = Array.from({ length: 24 }, (_, size) => storedObject('data', randomBytes(1 + size * 9973)));
      await Promise.all(objects.map(({ name, bytes }) => store.put(name, bytes)));
      const listed = await store.list('data');
      expect(new Map(listed.map(({ id, size }) => [id, size]))).toEqual(
        new Map(objects.map(({ name, bytes }) => [name.id, bytes.length])),
      );
      const back = await Promise.all(objects.map(({ name }) => store.get(name)));
      expect(back.every((bytes, at) => Buffer.compare(bytes, objects[at]?.bytes ?? Buffer.alloc(0)) === 0)).toBe(true);
      await Promise.all(objects.map(({ name }) => store.remove(name)));
      expect(await store.list('data')).toEqual([]);
    });

    it('hands out buffers that belong to the caller', async () => {
      await create();
      const { name, bytes } = storedObject('data', randomBytes(300));
      await store.put(name, bytes);
      (await store.get(name)).fill(0);
      expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
    });

    it('leaves names that are not ids out of its lists', async ({ skip }) => {
      if (!place.plant) return skip('nothing can be planted in this store');
      await create();
      const { name, bytes } = storedObject('data', randomBytes(77));
      await store.put(name, bytes);
      const inside = `data/${name.id.slice(0, 2)}`;
      for (const junk of ['README', '.hidden', `${name.id}-tmp-123`, `${name.id}.partial`, name.id.slice(1)]) {
        await place.plant(`${inside}/${junk}`, Buffer.from('junk'));
        await place.plant(`index/${junk}`, Buffer.from('junk'));
      }
      expect(await store.list('data')).toEqual([{ id: name.id, size: 77 }]);
      expect(await store.list('index')).toEqual([]);
    });

    it('stops at once when cancelled before it began', async () => {
      await create();
      const signal = AbortSignal.abort();
      const { name, bytes } = storedObject('data', randomBytes(10));
      for (const call of [
        () => store.put(name, bytes, signal),
        () => store.get(name, undefined, signal),
        () => store.list('data', signal),
        () => store.remove(name, signal),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'cancelled' });
      }
      expect(await store.list('data')).toEqual([]);
    });
  });
}
