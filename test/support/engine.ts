import { systemHost } from '../../main/app/engine-host.ts';
import { EngineService } from '../../main/app/engine-link/engine-service.ts';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import type { EngineHost, Repository } from '../../main/engine/engine.ts';
import { changePassphrase, createRepository, loadIndex, openRepository, readTree } from '../../main/engine/engine.ts';
import type { TreeId } from '../../main/engine/ids.ts';

/** What tests protect their repositories with. */
export const PASSPHRASE = 'correct horse battery staple';
/** A cheap key derivation: tests make many repositories. */
export const CHEAP_SCRYPT = { N: 1024, r: 8, p: 1 };

/** A new repository at the location, on this machine's clock and names, unless others are given. */
export async function newRepository(
  location: string,
  options: {
    readonly host?: EngineHost;
    readonly chunkerPolynomial?: bigint;
    /** The environment for rclone, when it is not the process's own. */
    readonly variables?: NodeJS.ProcessEnv;
  } = {},
): Promise<Repository> {
  const { variables } = options;
  const store = await openStore(location, { clock: systemClock, ...(variables ? { variables } : {}) });
  const { chunkerPolynomial } = options;
  return createRepository(
    store,
    { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT, ...(chunkerPolynomial ? { chunkerPolynomial } : {}) },
    options.host ?? systemHost(),
  );
}

/** Gives a repository that restic made a key that is as cheap as those of other tests, for the same passphrase. */
export async function cheapenKey(location: string, passphrase = PASSPHRASE): Promise<void> {
  await changePassphrase(await reopen(location, process.env, passphrase), { passphrase, scrypt: CHEAP_SCRYPT });
}

/** The app's engine, in this process, whose new repositories have keys as cheap as those of other tests. */
export const quickEngine = () => new EngineService({ scrypt: CHEAP_SCRYPT });

/** This machine as the engine sees it. */
export const ownHost = systemHost;

/** A machine whose clock is so many nanoseconds ahead: put forward, or asleep for that long. */
export function hostAheadBy(nanoseconds: () => bigint): EngineHost {
  const host = systemHost();
  return { ...host, clock: { ...host.clock, now: () => host.clock.now() + nanoseconds() } };
}

/** Opens what is there, as another process would. */
export async function reopen(
  location: string,
  variables: NodeJS.ProcessEnv = process.env,
  passphrase = PASSPHRASE,
): Promise<Repository> {
  const store = await openStore(location, { clock: systemClock, variables });
  return openRepository(store, { passphrase }, systemHost());
}

/**
 * The tree of one folder in a snapshot's tree: the times of the folders above it are not a test's to hold still, as other
 * programs use the temporary place too.
 */
export async function subtreeAt(
  repository: Repository,
  tree: string | null,
  path: string,
): Promise<string | undefined> {
  const { index } = await loadIndex(repository);
  let id = (tree ?? undefined) as TreeId | undefined;
  for (const name of path.split('/').filter(Boolean)) {
    const nodes = id ? await readTree(repository, index, id) : [];
    id = nodes.find((node) => Buffer.from(node.name).toString() === name)?.subtree;
  }
  return id;
}
