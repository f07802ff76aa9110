import { hasCode, TriplicateError } from '../errors.ts';
import { withLock } from '../repository/locks.ts';
import type { Repository } from '../repository/repository.ts';
import { fitsFilter, listSnapshots, type SnapshotFilter, type StoredSnapshot } from '../repository/snapshots.ts';
import {
  decideRetention,
  type GroupBy,
  groupSnapshots,
  isEmptyPolicy,
  type KeptSnapshot,
  type RetentionPolicy,
  type SnapshotGroup,
} from './retention.ts';

export interface ForgetRequest {
  readonly repository: Repository;
  readonly policy: RetentionPolicy;
  readonly groupBy?: readonly GroupBy[];
  /** Only snapshots that fit are looked at; all others stay. */
  readonly filter?: SnapshotFilter;
  /** `plan` only says what would go. */
  readonly mode: 'plan' | 'remove';
  readonly signal?: AbortSignal;
}

export interface ForgetGroup extends Omit<SnapshotGroup, 'snapshots'> {
  readonly keep: readonly KeptSnapshot[];
  readonly remove: readonly StoredSnapshot[];
}

export interface ForgetReport {
  readonly groups: readonly ForgetGroup[];
  /** How many snapshot files were taken away; 0 for a plan. */
  readonly removed: number;
}

/**
 * Removes the snapshots that the policy does not keep. Their data stays until `prune`.
 * @throws `usage` for a policy that keeps nothing, `repo/damaged` when a snapshot cannot be read (which one is the newest
 *   of its group is then unknown), `repo/locked`, `store/…`
 */
export async function forget(request: ForgetRequest): Promise<ForgetReport> {
  const { repository, policy, signal } = request;
  if (isEmptyPolicy(policy)) {
    throw new TriplicateError('usage', 'Nothing says which snapshots to keep, so none is removed.', {
      hint: 'Give at least one rule, such as --keep-last 10 or --keep-daily 30.',
    });
  }
  return withLock(
    repository,
    'exclusive',
    async (held, locked) => {
      const groups = await plan(request, held);
      let removed = 0;
      if (request.mode === 'remove') {
        for (const { id } of groups.flatMap(({ remove }) => remove)) removed += await removeSnapshot(locked, id, held);
      }
      return { groups, removed };
    },
    signal ? { signal } : {},
  );
}

export interface NamedForgetRequest {
  readonly repository: Repository;
  /** Ids, or beginnings of ids that fit only one snapshot. */
  readonly wanted: readonly string[];
  readonly mode: 'plan' | 'remove';
  readonly signal?: AbortSignal;
}

/** Ids. */
export interface NamedForgetReport {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Removes the named snapshots, also those that cannot be read; none of them when one is not found. A plan says what would go.
 * @throws `snapshot/not-found`, `snapshot/ambiguous`, `repo/locked`, `store/…`
 */
export async function forgetNamed({
  repository,
  wanted,
  mode,
  signal,
}: NamedForgetRequest): Promise<NamedForgetReport> {
  return withLock(
    repository,
    'exclusive',
    async (held, locked) => {
      const listed = (await repository.store.list('snapshots', held)).map(({ id }) => id);
      const named = new Set(wanted.map((name) => idNamed(name, listed)));
      if (mode === 'remove') for (const id of named) await removeSnapshot(locked, id, held);
      return { removed: [...named], kept: listed.filter((id) => !named.has(id)) };
    },
    signal ? { signal } : {},
  );
}

function idNamed(name: string, listed: readonly string[]): string {
  const beginning = name.toLowerCase();
  const found = /^[0-9a-f]{1,64}$/.test(beginning) ? listed.filter((id) => id.startsWith(beginning)) : [];
  if (found.length > 1) throw new TriplicateError('snapshot/ambiguous', `Several snapshots begin with ${name}.`);
  if (found[0] === undefined) {
    throw new TriplicateError('snapshot/not-found', `There is no snapshot ${name}; none was removed.`);
  }
  return found[0];
}

async function plan(request: ForgetRequest, signal: AbortSignal): Promise<readonly ForgetGroup[]> {
  const { repository, policy } = request;
  const { snapshots, unreadable } = await listSnapshots(repository, signal);
  // What is listed and not there cannot be the newest of any: some places show for a while what was removed.
  const unknown = unreadable.filter(({ error }) => error.code !== 'store/not-found');
  if (unknown.length > 0) throw unreadableSnapshots(unknown.map(({ id }) => id));
  const looked = snapshots.filter(({ snapshot }) => fitsFilter(snapshot, request.filter ?? {}));
  const { clock, utcOffsetMinutes } = repository.host;
  const options = { now: clock.now(), localZone: utcOffsetMinutes };
  return groupSnapshots(looked, request.groupBy).map(({ snapshots: members, ...group }) => ({
    ...group,
    ...decideRetention(members, policy, options),
  }));
}

async function removeSnapshot(repository: Repository, id: string, signal: AbortSignal): Promise<number> {
  try {
    await repository.store.remove({ type: 'snapshots', id }, signal);
    return 1;
  } catch (error) {
    if (hasCode(error, 'store/not-found')) return 0;
    throw error;
  }
}

/** Deleting needs to know all snapshots: one that cannot be read may need anything. */
export function unreadableSnapshots(ids: readonly string[]): TriplicateError {
  const names = ids.map((id) => id.slice(0, 8)).join(', ');
  return new TriplicateError('repo/damaged', `Nothing was removed: these snapshots cannot be read: ${names}.`, {
    data: { snapshots: ids },
    hint: 'Run `check`. If they are lost, `triplicate repo forget LOCATION ID` removes them; then try again.',
  });
}
