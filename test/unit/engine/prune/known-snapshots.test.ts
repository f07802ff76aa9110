import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, forgetNamed, prune, type Repository } from '../../../../main/engine/engine.ts';
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

/** A store's methods without its class, so that one of them can be another. */
function bound(store: Repository['store']): Repository['store'] {
  return faulty(store, []).store;
}
