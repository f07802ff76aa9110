import type { Run } from '../../api/contract/runs.ts';
import { TriplicateError } from '../../engine/errors.ts';
import type { ExitCode } from '../outcome.ts';
import { destinationNamed, destinationsNamed, folderAt } from './names.ts';
import type { AppSession } from './session.ts';

export async function backUp(
  session: AppSession,
  paths: readonly string[],
  options: { readonly to: readonly string[] },
): Promise<ExitCode> {
  await session.unlock();
  const folders = await Promise.all(paths.map((path) => folderAt(session, path)));
  const chosen = await Promise.all(options.to.map((name) => destinationNamed(session, name)));
  if (paths.length === 0 && (await session.app.call('folders.list', {})).length === 0) {
    throw new TriplicateError('app/not-found', 'No folder is protected yet.', {
      hint: 'Begin with `folder add PATH`.',
    });
  }
  const { runs } = await session.app.call('runs.backup', {
    ...(folders.length === 0 ? {} : { folderIds: folders.map(({ id }) => id) }),
    ...(chosen.length === 0 ? {} : { destinationIds: chosen.map(({ id }) => id) }),
  });
  return session.finish(runs);
}

export async function checkNow(
  session: AppSession,
  name: string | undefined,
  options: { readonly readData?: boolean },
): Promise<ExitCode> {
  return forEach(session, name, (destinationId) =>
    session.app.call('runs.check', { destinationId, readData: options.readData === true }),
  );
}

export async function pruneNow(session: AppSession, name: string | undefined): Promise<ExitCode> {
  return forEach(session, name, (destinationId) => session.app.call('runs.prune', { destinationId }));
}

export async function drillNow(session: AppSession, name: string | undefined): Promise<ExitCode> {
  return forEach(session, name, (destinationId) => session.app.call('runs.drill', { destinationId }));
}

export async function catchUpNow(session: AppSession, name: string): Promise<ExitCode> {
  return forEach(session, name, (destinationId) => session.app.call('runs.catchUp', { destinationId }));
}

async function forEach(
  session: AppSession,
  name: string | undefined,
  start: (id: Run['destinationIds'][number]) => Promise<Run>,
): Promise<ExitCode> {
  await session.unlock();
  const destinations = await destinationsNamed(session, name);
  if (destinations.length === 0)
    throw new TriplicateError('app/not-found', 'There is no destination yet.', {
      hint: 'Add one with `destination add`.',
    });
  const runs: Run[] = [];
  for (const { id } of destinations) runs.push(await start(id));
  return session.finish(runs);
}
