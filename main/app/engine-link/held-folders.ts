import type { Catalog } from '../../catalog/catalog.ts';
import { listSnapshots } from '../../engine/engine.ts';
import { hasCode } from '../../engine/errors.ts';
import type { CallInput, HeldFolder } from './calls.ts';
import type { OpenRepositories } from './open-repositories.ts';

/** See `EngineCalls`. A destination that cannot be read adds what the catalog knows of it. */
export async function heldFolders(
  repositories: OpenRepositories,
  catalog: Pick<Catalog, 'folders'>,
  { sources, pastPrefix }: CallInput<'heldFolders'>,
  signal: AbortSignal,
): Promise<readonly HeldFolder[]> {
  const held = new Map<string, Set<string>>();
  const note = (path: string, destinationId: string): void => {
    held.set(path, (held.get(path) ?? new Set()).add(destinationId));
  };
  const asked = new Set<string>();
  for (const { destinationId, repository } of sources) {
    try {
      const { snapshots } = await listSnapshots(await repositories.open(repository), signal);
      for (const { snapshot } of snapshots) for (const path of snapshot.paths) note(path, destinationId);
      // An empty listing is never truth.
      if (snapshots.length > 0) asked.add(destinationId);
    } catch (error) {
      if (hasCode(error, 'cancelled')) throw error;
    }
  }
  for (const { id, root, destinationIds } of catalog.folders()) {
    if (!id.startsWith(pastPrefix)) continue;
    for (const destinationId of destinationIds) if (!asked.has(destinationId)) note(root, destinationId);
  }
  return [...held].map(([path, destinationIds]) => ({ path, destinationIds: [...destinationIds] }));
}
