import { systemHost } from '../../main/app/engine-host.ts';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import type { EngineHost, Repository } from '../../main/engine/engine.ts';
import { createRepository, openRepository } from '../../main/engine/engine.ts';

/** What tests protect their repositories with. */
export const PASSPHRASE = 'correct horse battery staple';
/** A cheap key derivation: tests make many repositories. */
const CHEAP_SCRYPT = { N: 1024, r: 8, p: 1 };

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

/** Opens what is there, as another process would. */
export async function reopen(location: string, variables: NodeJS.ProcessEnv = process.env): Promise<Repository> {
  const store = await openStore(location, { clock: systemClock, variables });
  return openRepository(store, { passphrase: PASSPHRASE }, systemHost());
}
