import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, forgetNamed, loadIndex, prune, type Repository } from '../../../../main/engine/engine.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { askForUnlisted } from '../../../../main/engine/repository/unlisted.ts';
import { newRepository } from '../../../support/engine.ts';
import { faulty } from '../../../support/faulty-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let repository: Repository;
let ids: string[];

beforeEach(async () => {
  scratch = await temporaryFolder('known-snapshots');
  repository = await newRepository(join(scratch.path, 'repository'));
  await mkdir(join(scratch.path, 'source'));
  ids = [];
  for (let n = 0; n < 3; n++) {
    await writeFile(join(scratch.path, 'source', 'file'), `${n}`.repeat(10_000));
    const paths = [join(scratch.path, 'source')];
    const { results } = await backup({ destinations: [{ repository }], paths, workingDirectory: '/' });
    ids.push(results[0]?.snapshotId ?? '');
  }
});
afterEach(() => scratch.remove());

it('asks by name for what is not listed, once each, and for nothing else', async () => {
  await forgetNamed({ repository, wanted: ids.slice(0, 1), mode: 'remove' });
  const { store, calls } = faulty(repository.store, []);
  const asked = [...ids, ...ids, 'not an id', '../config'];
  const listed = new Set(ids.slice(2));
  expect(await askForUnlisted({ store }, asked, listed)).toEqual({ gone: [ids[0]], hidden: [ids[1]] });
  expect(calls('get')).toBe(2);
});

it('takes no failure for an answer', async () => {
  const error = new TriplicateError('store/unreachable', 'The place does not answer.');
  const { store } = faulty(repository.store, [{ method: 'get', type: 'snapshots', fault: { kind: 'fail', error } }]);
  await expect(askForUnlisted({ store }, ids, new Set())).rejects.toMatchObject({ code: 'store/unreachable' });
});

it('believes who forgot a snapshot, though the place still shows it', async () => {
  // The place shows what was removed: as it looks from here, the snapshot is merely not listed.
  const list = async (...given: Parameters<Repository['store']['list']>) => {
    const files = await repository.store.list(...given);
    return given[0] === 'snapshots' ? files.filter(({ id }) => id !== ids[1]) : files;
  };
  const seen: Repository = { ...repository, store: { ...bound(repository.store), list } };
  await expect(prune({ repository: seen, mode: 'plan' })).rejects.toMatchObject({ code: 'store/list-incomplete' });
  const report = await prune({
    repository: seen,
    mode: 'plan',
    knownSnapshots: ids,
    forgottenSnapshots: ids.slice(1, 2),
  });
  expect(report.forgotten).toEqual([]);
});

it('goes on where the place lists for a while what was forgotten a moment ago', async () => {
  await forgetNamed({ repository, wanted: ids.slice(0, 1), mode: 'remove' });
  const list = async (...given: Parameters<Repository['store']['list']>) => {
    const files = await repository.store.list(...given);
    return given[0] === 'snapshots' ? [...files, { id: ids[0] as string, size: 300 }] : files;
  };
  const seen: Repository = { ...repository, store: { ...bound(repository.store), list } };
  await expect(prune({ repository: seen, mode: 'prune' })).rejects.toMatchObject({ code: 'store/list-incomplete' });
  const report = await prune({ repository: seen, mode: 'prune', forgottenSnapshots: ids.slice(0, 1) });
  expect(report.packsRemoved).toBeGreaterThan(0);
});

it('removes nothing while an index file that is known is there and not listed', async () => {
  const before = (await loadIndex(repository)).indexIds;
  await writeFile(join(scratch.path, 'source', 'file'), 'soon forgotten');
  const paths = [join(scratch.path, 'source')];
  const { results } = await backup({ destinations: [{ repository }], paths, workingDirectory: '/' });
  const known = (await loadIndex(repository)).indexIds;
  const hidden = known.find((id) => !before.includes(id)) as string;
  await forgetNamed({ repository, wanted: [results[0]?.snapshotId ?? ''], mode: 'remove' });
  const list = async (...given: Parameters<Repository['store']['list']>) => {
    const files = await repository.store.list(...given);
    return given[0] === 'index' ? files.filter(({ id }) => id !== hidden) : files;
  };
  const seen: Repository = { ...repository, store: { ...bound(repository.store), list } };
  const packs = async () => (await repository.store.list('data')).length;
  const packsBefore = await packs();
  await expect(prune({ repository: seen, mode: 'prune', knownIndexFiles: known })).rejects.toMatchObject({
    code: 'store/list-incomplete',
  });
  expect(await packs()).toBe(packsBefore);
  // One that is gone was taken away by another program's prune.
  await repository.store.remove({ type: 'index', id: hidden });
  await prune({ repository, mode: 'prune', knownIndexFiles: known });
});

/** A store's methods without its class, so that one of them can be another. */
function bound(store: Repository['store']): Repository['store'] {
  return faulty(store, []).store;
}
