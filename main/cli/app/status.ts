import type { Folder } from '../../api/contract/folders.ts';
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
  for (const folder of folders) for (const line of describeFolder(folder)) session.say(line);
  return EXIT.done;
}

export function describeFolder({ path, rule, copies, overdue, watch, leftOut }: Folder): readonly string[] {
  const { have } = rule.copies;
  const verdict = rule.satisfied ? '3-2-1 holds' : '3-2-1 does not hold yet';
  const lines = [`${path}: ${have} ${have === 1 ? 'copy' : 'copies'}, ${verdict}${overdue ? ', overdue' : ''}`];
  lines.push('  the folder itself');
  for (const { destinationName, state, reason, kind, offsite, lastSnapshotAt } of copies) {
    const when = lastSnapshotAt === null ? '' : `, ${age(Date.now() - Date.parse(lastSnapshotAt))} ago`;
    lines.push(
      `  ${destinationName}: ${state}${when} (${kind}${offsite ? ', off-site' : ''})${state === 'good' ? '' : `. ${reason}`}`,
    );
  }
  for (const { text } of rule.missing) lines.push(`  missing: ${text}`);
  if (leftOut.unreadable > 0)
    lines.push(`  ${leftOut.unreadable} files could not be stored as they are; \`backup\` names them`);
  if (watch.state === 'scheduled' && watch.reason) lines.push(`  ${watch.reason}`);
  return lines;
}
