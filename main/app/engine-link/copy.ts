import { copySnapshots, listSnapshots } from '../../engine/engine.ts';
import type { CallInput, CallOptions, CopyOutcome } from './calls.ts';
import type { OpenRepositories } from './open-repositories.ts';
import type { plainError } from './serve-engine.ts';

/** Copies snapshots from one destination to another: only what is lacking, verified on the way, oldest first. */
export async function runCopy(
  repositories: OpenRepositories,
  { from, to, snapshotIds }: CallInput<'copy'>,
  { signal, onProgress }: Required<CallOptions>,
): Promise<CopyOutcome> {
  const [source, target] = await Promise.all([repositories.open(from), repositories.open(to)]);
  const wanted = new Set(snapshotIds);
  const { snapshots } = await listSnapshots(source, signal);
  const report = await copySnapshots({
    source,
    target,
    snapshots: snapshots.filter(({ id }) => wanted.has(id)),
    onProgress,
    // A disk that can only be read gives its versions all the same.
    onUnlocked: () => undefined,
    signal,
  });
  return {
    copied: report.copied,
    present: report.present,
    failed: report.failed.map(({ id, error }) => ({ id, error: plainErrorOf(error) })),
    damagedParts: report.damagedParts,
    indexLost: report.indexLost,
    bytesAdded: report.bytesAdded,
  };
}

function plainErrorOf(error: { readonly data: object }): ReturnType<typeof plainError> {
  return JSON.parse(JSON.stringify(error)) as ReturnType<typeof plainError>;
}
