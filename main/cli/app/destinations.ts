import { resolve } from 'node:path';
import type { StorageKind } from '../../api/contract/values.ts';
import { size } from '../../app/runs/report-words.ts';
import { EXIT, type ExitCode } from '../outcome.ts';
import { destinationNamed, folderAt } from './names.ts';
import { type AppSession, readPasswordFile } from './session.ts';

interface AddOptions {
  readonly kind?: StorageKind;
  readonly offsite?: boolean;
  /** A file with the passphrase of a repository that is there already. */
  readonly itsPasswordFile?: string;
  /** Paths of protected folders. */
  readonly for: readonly string[];
}

/** All folders are stored at the new destination too, or only those that were named. */
export async function addDestination(
  session: AppSession,
  name: string,
  location: string,
  options: AddOptions,
): Promise<ExitCode> {
  await session.unlock();
  const named = await Promise.all(options.for.map((path) => folderAt(session, path)));
  const destination = await session.app.call('destinations.add', {
    name,
    location: /^(rclone|rest|file):/.test(location) || location.startsWith('~/') ? location : resolve(location),
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    ...(options.offsite ? { offsite: true } : {}),
    ...(options.itsPasswordFile === undefined ? {} : { passphrase: await readPasswordFile(options.itsPasswordFile) }),
  });
  const folders = named.length > 0 ? named : await session.app.call('folders.list', {});
  for (const { id, destinationIds } of folders)
    await session.app.call('folders.update', { id, destinationIds: [...destinationIds, destination.id] });
  session.json(destination);
  session.say(
    `${name} is ready at ${destination.location} (${destination.kind}${destination.offsite ? ', off-site' : ''}).`,
  );
  if (folders.length > 0) session.say(`It holds ${folders.map(({ path }) => path).join(', ')} from now on.`);
  return EXIT.done;
}

export async function listDestinations(session: AppSession): Promise<ExitCode> {
  const destinations = await session.app.call('destinations.list', {});
  session.json(destinations);
  if (destinations.length === 0) session.say('There is no destination yet.');
  for (const one of destinations) {
    const free = one.freeBytes === null ? '' : `, ${size(one.freeBytes)} free`;
    session.say(`${one.name}  ${one.location}  ${one.state} (${one.kind}${one.offsite ? ', off-site' : ''}${free})`);
    if (one.problem) session.say(`  ${one.problem.message}`);
    if (one.missed) {
      const moments = `${one.missed.moments} ${one.missed.moments === 1 ? 'moment' : 'moments'}`;
      session.say(`  It missed ${moments} while it was away; \`catch-up\` copies them from the others.`);
    }
  }
  return EXIT.done;
}

export async function testDestination(session: AppSession, name: string): Promise<ExitCode> {
  const { id } = await destinationNamed(session, name);
  await session.unlock();
  const result = await session.app.call('destinations.test', { id });
  session.json(result);
  const good = result.reachable && result.error === null && result.content === 'repository';
  if (good)
    session.say(`${name} answers in ${Math.round(result.latencyMs ?? 0)} ms and holds a repository that opens.`);
  else if (result.error) session.say(`${result.error.message}\n${result.error.hint}`);
  else session.say(`${name} answers, but holds no repository: is the disk mounted?`);
  return good ? EXIT.done : EXIT.failed;
}

export async function removeDestination(session: AppSession, name: string): Promise<ExitCode> {
  const { id } = await destinationNamed(session, name);
  await session.app.call('destinations.remove', { id });
  session.json({ removed: name });
  session.say(`${name} is forgotten. Nothing was deleted there.`);
  return EXIT.done;
}
