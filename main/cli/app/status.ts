import type { Destination } from '../../api/contract/destinations.ts';
import type { Fix, Folder } from '../../api/contract/folders.ts';
import { age } from '../../app/copies.ts';
import { EXIT, type ExitCode } from '../outcome.ts';
import type { AppSession } from './session.ts';

/** Folders, copies, and what is missing for 3-2-1. */
export async function showStatus(session: AppSession): Promise<ExitCode> {
  const folders = await session.app.call('folders.list', {});
  const destinations = await session.app.call('destinations.list', {});
  session.json({ folders, destinations });
  if (folders.length === 0)
    session.say('No folder is protected yet. Begin with `folder add PATH` and `destination add NAME LOCATION`.');
  for (const folder of folders) for (const line of describeFolder(folder, destinations)) session.say(line);
  return EXIT.done;
}

/** Lines for a person. `destinations`: all that there are, to say which command mends what is missing. */
export function describeFolder(folder: Folder, destinations: readonly Destination[]): readonly string[] {
  const { path, rule, copies, overdue, watch, leftOut } = folder;
  const { have } = rule.copies;
  const verdict = rule.satisfied ? '3-2-1 holds' : '3-2-1 does not hold yet';
  const lines = [`${path}: ${have} ${have === 1 ? 'copy' : 'copies'}, ${verdict}${overdue ? ', overdue' : ''}`];
  lines.push(`  the folder itself${watch.state === 'missing' ? `: missing. ${watch.reason ?? ''}` : ''}`);
  for (const { destinationName, state, reason, kind, offsite, lastSnapshotAt } of copies) {
    const when = lastSnapshotAt === null ? '' : `, ${age(Date.now() - Date.parse(lastSnapshotAt))} ago`;
    lines.push(
      `  ${destinationName}: ${state}${when} (${kind}${offsite ? ', off-site' : ''})${state === 'good' ? '' : `. ${reason}`}`,
    );
  }
  for (const { text } of rule.missing) lines.push(`  missing: ${text}`);
  // The same command often mends several parts.
  for (const command of new Set(rule.missing.map(({ fix }) => commandOf(fix, path, destinations))))
    if (command !== null) lines.push(`  mend it: ${command}`);
  if (leftOut.unreadable > 0)
    lines.push(`  ${leftOut.unreadable} files or folders could not be stored as they are; \`backup\` names them`);
  if (leftOut.excluded > 0) lines.push(`  ${leftOut.excluded} files or folders are left out by the exclusions`);
  if ((watch.state === 'scheduled' || watch.state === 'paused') && watch.reason) lines.push(`  ${watch.reason}`);
  return lines;
}

/** What a person types to mend what is missing; null for what no command mends, such as a disk that is not connected. */
function commandOf(fix: Fix, path: string, destinations: readonly Destination[]): string | null {
  const quoted = (text: string): string => (/[^\w./-]/.test(text) ? JSON.stringify(text) : text);
  if (fix.action === 'add-destination') {
    return `destination add NAME LOCATION --kind ${fix.kind}${fix.offsite ? ' --offsite' : ''}`;
  }
  const name = destinations.find(({ id }) => id === fix.destinationId)?.name;
  if (name === undefined) return null;
  switch (fix.action) {
    case 'attach-destination':
      return `folder add ${quoted(path)} --to ${quoted(name)}`;
    case 'back-up-now':
      return `backup ${quoted(path)} --to ${quoted(name)}`;
    case 'prove':
      return `drill ${quoted(name)}`;
    case 'check':
      return `check ${quoted(name)} --read-data`;
    case 'reconnect':
      return null;
  }
}
