import { systemHost } from '../../app/engine-host.ts';
import { openRepository, putConfigBack, type Repository, upgradeRepository } from '../../engine/engine.ts';
import { hasCode } from '../../engine/errors.ts';
import type { WriteStore } from '../../engine/store/store.ts';
import { type KeptConfig, keptConfig } from './kept-config.ts';
import type { ExitCode, RepoSession } from './session.ts';

/** Makes a version 1 repository one of version 2. Run again after an interruption, it puts the config back first. */
export async function runUpgrade(session: RepoSession, options: { readonly home?: string }): Promise<ExitCode> {
  const store = await session.openStore();
  const kept = keptConfig(store.location, options.home);
  const repository = await openOrPutBack(session, store, kept);
  const report = await upgradeRepository({
    repository,
    keepConfig: async (sealed) => {
      await kept.write(sealed);
      session.say(`The old config is kept in ${kept.path} until this is done.`);
    },
    onProgress: session.progress,
    signal: session.signal,
  });
  await kept.remove();
  session.json({ type: 'summary', result: report.result, version: report.repository.config.version });
  session.say(
    report.result === 'current'
      ? 'The repository has version 2 already.'
      : 'The repository has version 2 now: what is stored from now on is compressed. What was stored stays as it is.',
  );
  return 0;
}

async function openOrPutBack(session: RepoSession, store: WriteStore, kept: KeptConfig): Promise<Repository> {
  const passphrase = await session.passphrase();
  try {
    return await openRepository(store, { passphrase }, systemHost(), session.signal);
  } catch (error) {
    const sealed = hasCode(error, 'repo/not-a-repository', 'repo/damaged') ? await kept.read() : undefined;
    if (!sealed) throw error;
    await putConfigBack(store, sealed, { passphrase }, session.signal).catch((refusal: unknown) => {
      // The config is good: something else is damaged.
      throw hasCode(refusal, 'repo/exists') ? error : refusal;
    });
    session.say('An earlier upgrade was interrupted: the old config was put back.');
    return openRepository(store, { passphrase }, systemHost(), session.signal);
  }
}
