import { resolve } from 'node:path';
import type { TimelineMoment } from '../../api/contract/history.ts';
import type { FolderId } from '../../api/contract/values.ts';
import { size } from '../../app/runs/report-words.ts';
import { hasCode, TriplicateError } from '../../engine/errors.ts';
import { EXIT, type ExitCode } from '../outcome.ts';
import { destinationNamed, locate } from './names.ts';
import type { AppSession } from './session.ts';

export async function find(
  session: AppSession,
  text: string | undefined,
  options: { readonly deleted?: boolean },
): Promise<ExitCode> {
  if (text === undefined && options.deleted !== true)
    throw new TriplicateError('usage', 'What is to be found?', {
      hint: 'Give a part of its name, or --deleted for what went last.',
    });
  await session.unlock();
  const past = await session.app.call('history.pastFolders', {});
  const kept = [...(await session.app.call('folders.list', {})), ...past];
  for (const { id } of kept) await bringIn(session, id);
  const { hits, more } = await session.app.call('history.search', {
    text: text ?? '',
    deletedOnly: options.deleted === true,
    limit: 200,
  });
  session.json({ hits, more });
  if (hits.length === 0) session.say(text === undefined ? 'Nothing was deleted.' : `Nothing is called ${text}.`);
  const folders = new Map(kept.map(({ id, path }) => [id, path]));
  for (const hit of hits) {
    const state = hit.existsNow ? 'exists' : `deleted, last seen ${local(hit.lastSeenAt)}`;
    session.say(
      `${folders.get(hit.folderId) ?? hit.folderName}/${hit.path}  ${state}, ${hit.versions} ${hit.versions === 1 ? 'version' : 'versions'}`,
    );
  }
  if (more)
    session.say(text === undefined ? '… and more; give a part of the name.' : '… and more; give a longer text.');
  return EXIT.done;
}

export async function history(session: AppSession, path: string): Promise<ExitCode> {
  await session.unlock();
  const { folder, key } = await locate(session, path);
  await bringIn(session, folder.id);
  if (key === '') {
    const { moments } = await session.app.call('history.moments', { folderId: folder.id });
    session.json(moments);
    for (const { id, time, changes } of moments) {
      session.say(`${local(time)}  ${id.slice(0, 8)}  +${changes.added} ~${changes.changed} -${changes.removed}`);
    }
    return EXIT.done;
  }
  const versions = await session.app.call('history.versions', { folderId: folder.id, key });
  session.json(versions);
  for (const one of versions) {
    const span = one.current
      ? `since ${local(one.firstSeenAt)}`
      : `${local(one.firstSeenAt)} to ${local(one.lastSeenAt)}`;
    session.say(`${span}  ${size(one.size)}  ${one.momentId.slice(0, 8)}${one.current ? '  (current)' : ''}`);
  }
  return EXIT.done;
}

/** What is known so far may lack the newest version, or the moment that is meant. What goes wrong, the question itself will tell. */
async function bringIn({ app }: AppSession, folderId: FolderId): Promise<void> {
  await app.call('history.bringIn', { folderId }).catch(() => undefined);
}

interface RestoreOptions {
  readonly at?: string;
  readonly snapshot?: string;
  readonly from?: string;
  readonly to?: string;
  readonly inPlace?: boolean;
  readonly existing: 'skip' | 'replace' | 'keep-both';
}

export async function restorePath(session: AppSession, path: string, options: RestoreOptions): Promise<ExitCode> {
  if ((options.to === undefined) === (options.inPlace !== true)) {
    throw new TriplicateError('usage', 'Say where to: --to DIR or --in-place.');
  }
  await session.unlock();
  const { folder, key } = await locate(session, path);
  await bringIn(session, folder.id);
  const from = options.from === undefined ? undefined : await destinationNamed(session, options.from);
  const plan = await session.app.call('restore.plan', {
    folderId: folder.id,
    momentId: await chooseMoment(session, folder.id, key, options),
    keys: key === '' ? [] : [key],
    ...(from ? { from: from.id } : {}),
    target: options.to === undefined ? { kind: 'original' } : { kind: 'directory', path: resolve(options.to) },
    existing: options.existing,
  });
  session.json(plan);
  session.say(
    `From ${plan.from.name} to ${plan.target}: ${plan.create} new, ${plan.replace} replaced, ${plan.keep} kept, ${plan.unchanged} already there; ${size(plan.bytes)}.`,
  );
  for (const warning of plan.warnings) session.say(`  ${warning}`);
  return session.finish([await session.app.call('restore.start', { planId: plan.planId })]);
}

/** The moment that was asked for; else the newest that holds the path. */
async function chooseMoment(
  session: AppSession,
  folderId: FolderId,
  key: string,
  options: RestoreOptions,
): Promise<string> {
  const { moments } = await session.app.call('history.moments', { folderId });
  if (options.snapshot !== undefined) return momentOfSnapshot(moments, options.snapshot);
  if (options.at !== undefined) return momentAt(moments, options.at);
  if (key === '') return newest(moments);
  try {
    const [version] = await session.app.call('history.versions', { folderId, key });
    return version?.momentId ?? newest(moments);
  } catch (error) {
    if (!hasCode(error, 'path/not-found')) throw error;
    throw new TriplicateError('path/not-found', 'This path is in no snapshot.', {
      hint: '`find` searches names, also deleted ones.',
      cause: error,
    });
  }
}

function newest(moments: readonly TimelineMoment[]): string {
  const [first] = moments;
  if (!first)
    throw new TriplicateError('snapshot/not-found', 'Nothing is stored of this folder yet.', {
      hint: 'Run `backup` first.',
    });
  return first.id;
}

function momentOfSnapshot(moments: readonly TimelineMoment[], id: string): string {
  const found = moments.filter(
    (one) => one.id.startsWith(id) || one.copies.some(({ snapshotId }) => snapshotId.startsWith(id)),
  );
  const [first, second] = found;
  if (second) throw new TriplicateError('snapshot/ambiguous', `Several snapshots begin with ${id}.`);
  if (!first) throw new TriplicateError('snapshot/not-found', `There is no snapshot ${id} of this folder.`);
  return first.id;
}

/** The state at that time: the newest moment not after it. A day alone means its end. */
function momentAt(moments: readonly TimelineMoment[], text: string): string {
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59.999` : text);
  if (Number.isNaN(time.getTime()))
    throw new TriplicateError('usage', `"${text}" is not a time.`, {
      hint: 'Write it as 2026-01-31 or 2026-01-31T14:30.',
    });
  const found = moments.find((one) => Date.parse(one.time) <= time.getTime());
  if (!found) throw new TriplicateError('snapshot/not-found', 'Nothing was stored by that time.');
  return found.id;
}

function local(time: string): string {
  return new Date(time).toLocaleString('sv-SE').slice(0, 16);
}
