import { TriplicateError } from '../errors.ts';
import { isOfNobodyHere, type Lock } from '../format/lock.ts';
import { printableText } from '../format/printable.ts';
import { judgeOf } from './lock-files.ts';
import type { Repository } from './repository.ts';

const NOT_SEEN_HERE =
  'That process is not to be seen here. In a container or on another computer of this name it may be at work: wait for it to end. If it has died, its lock is cleared ten minutes after it was renewed last, or at once with `unlock --remove-all`.';

export function lockedError(repository: Repository, lock: Lock): TriplicateError {
  const who = printableText(`${lock.username}@${lock.hostname}, process ${lock.pid}`);
  const hint = isOfNobodyHere(lock, judgeOf(repository)) ? { hint: NOT_SEEN_HERE } : {};
  return new TriplicateError('repo/locked', `The repository at ${repository.store.location} is in use by ${who}.`, {
    ...hint,
    data: { hostname: lock.hostname, username: lock.username, pid: lock.pid },
  });
}

export function notGivenError(repository: Repository, id: string): TriplicateError {
  const text = `A lock of the repository at ${repository.store.location} cannot be read (${id.slice(0, 8)}): another program may be at work there.`;
  return new TriplicateError('repo/locked', text, {
    data: { id },
    hint: 'Nothing was changed. Try again; when it stays so and no other program works there, `unlock --remove-all` removes the lock.',
  });
}

export function hiddenError(repository: Repository): TriplicateError {
  const text = `The repository at ${repository.store.location} does not show in its list of locks the one that was just stored there, so it may hide that of another program.`;
  return new TriplicateError('store/list-incomplete', text);
}
