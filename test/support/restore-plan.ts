import { backup, findSnapshot, planRestore, type RestorePlan } from '../../main/engine/engine.ts';
import { newRepository } from './engine.ts';

/** Backs a folder up into a new repository; gives what plans a restore of it that replaces what is there. */
export async function backedUp(location: string, source: string): Promise<(target: string) => Promise<RestorePlan>> {
  const repository = await newRepository(location);
  await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  const { snapshot } = await findSnapshot(repository, 'latest');
  return (target) => planRestore({ repository, tree: snapshot.tree, target, from: source, existing: 'replace' });
}
