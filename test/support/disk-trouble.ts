import { expect } from 'vitest';
import type { Repository } from '../../main/engine/engine.ts';
import { type ErrorCode, TriplicateError } from '../../main/engine/errors.ts';
import { faulty, type PlannedFault } from './faulty-store.ts';
import type { SmallDisk } from './small-disk.ts';

/** What happens to a disk while it is being worked on. */
export type Trouble = 'full' | 'read-only' | 'pulled out';
export const TROUBLES: readonly Trouble[] = ['full', 'read-only', 'pulled out'];
export const TROUBLE_CODES: Readonly<Record<Trouble, ErrorCode>> = {
  full: 'store/full',
  'read-only': 'store/read-only',
  'pulled out': 'store/unreachable',
};
/** Long enough for a busy machine; whoever waits for a disk that is gone takes longer. */
const BOUND_MS = 10_000;

export function begin(disk: SmallDisk, trouble: Trouble): Promise<void> {
  if (trouble === 'full') return disk.fill();
  return trouble === 'read-only' ? disk.setWritable('read-only') : disk.pull();
}

export function end(disk: SmallDisk, trouble: Trouble): Promise<void> {
  if (trouble === 'full') return disk.makeRoom();
  return trouble === 'read-only' ? disk.setWritable('read-write') : disk.plugIn();
}

export type Moment = Omit<PlannedFault, 'fault'>;

/** The same repository, for which something happens right before the given call. */
export function interrupted(repository: Repository, at: Moment, by: () => Promise<void>) {
  const plan = faulty(repository.store, [{ ...at, fault: { kind: 'wait', for: by } }]);
  return { repository: { ...repository, store: plan.store }, assertHappened: () => plan.assertAllFired() };
}

/** What the work failed with, if it did: in time, as an error of ours, in words for a person. */
export async function failureOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  const startedAt = performance.now();
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
  if (failure === undefined) return undefined;
  if (!(failure instanceof TriplicateError)) throw failure;
  expectPlainWords(`${failure.message} ${failure.hint}`);
  return failure.code;
}

/** A sentence, and nothing of the program's inside. */
export function expectPlainWords(text: string): void {
  expect(text).toMatch(/^[A-Z/][\s\S]*\.$/);
  expect(text).not.toMatch(/^\s+at |\bE[A-Z]{3,}\b|\.[jt]s:\d|undefined|\[object/m);
}
