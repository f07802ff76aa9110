import { beforeEach, describe, expect, it } from 'vitest';
import {
  addKey,
  changePassphrase,
  createRepository,
  openRepository,
  type Repository,
  removeKey,
} from '../../../../main/engine/engine.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import type { WriteStore } from '../../../../main/engine/store/store.ts';
import { CHEAP_SCRYPT, ownHost, PASSPHRASE } from '../../../support/engine.ts';

const SECOND = 'a second passphrase';
const THIRD = { passphrase: 'a third passphrase', scrypt: CHEAP_SCRYPT };
let store: WriteStore;
/** The same repository, opened by two programs with a key each. */
let first: Repository;
let second: Repository;

const keyIds = async (): Promise<readonly string[]> => (await store.list('keys')).map(({ id }) => id).sort();
const openWith = (passphrase: string) => openRepository(store, { passphrase }, ownHost());
const removeOther = (one: Repository) => removeKey(one, one === first ? second.keyId : first.keyId);

beforeEach(async () => {
  store = createMemoryStore();
  await createRepository(store, { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT }, ownHost());
  first = await openWith(PASSPHRASE);
  await addKey(first, { passphrase: SECOND, scrypt: CHEAP_SCRYPT });
  second = await openWith(SECOND);
});

describe('a repository that two programs have opened with a key each', () => {
  it.each(['first', 'second'] as const)(
    'keeps a key when each removes that of the other, the %s before',
    async (who) => {
      const [early, late] = who === 'first' ? [first, second] : [second, first];
      await removeOther(early);
      await expect(removeOther(late)).rejects.toMatchObject({
        code: 'repo/key-not-found',
        message: expect.stringContaining(late.keyId.slice(0, 8)),
        hint: expect.stringContaining('Nothing was removed'),
      });
      expect(await keyIds()).toEqual([early.keyId]);
      await openWith(who === 'first' ? PASSPHRASE : SECOND);
    },
  );

  it('keeps a key when each removes that of the other at once', async () => {
    const outcomes = await Promise.allSettled([removeOther(first), removeOther(second)]);
    expect(outcomes.map(({ status }) => status)).toContain('rejected');
    expect(await keyIds()).not.toEqual([]);
    // Whoever was kept away by the lock of the other one tries again.
    await Promise.allSettled([removeOther(first)]);
    await Promise.allSettled([removeOther(second)]);
    expect(await keyIds()).toHaveLength(1);
  });

  it('changes no passphrase that was removed meanwhile', async () => {
    await removeOther(first);
    await expect(changePassphrase(second, THIRD)).rejects.toMatchObject({ code: 'repo/key-not-found' });
    expect(await keyIds()).toEqual([first.keyId]);
  });

  it('removes nothing for one whose passphrase was changed meanwhile', async () => {
    const changed = await changePassphrase(second, THIRD);
    await expect(removeOther(second)).rejects.toMatchObject({ code: 'repo/key-not-found' });
    expect(await keyIds()).toEqual([first.keyId, changed].sort());
  });

  it('removes the key of the other one when its own is there', async () => {
    expect(await removeOther(first)).toBe(second.keyId);
    expect(await keyIds()).toEqual([first.keyId]);
  });
});
