import type { SystemInfo } from '../api/contract/system.ts';
import { TriplicateError, toWire } from '../engine/errors.ts';
import type { Core } from './core.ts';

/** What the screen must know of the machine and of the app itself. */
export class SystemService {
  readonly #core: Core;
  #rclone: Promise<SystemInfo['rclone']> | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  async info(): Promise<SystemInfo> {
    const { ports, configuration, secrets, stateFolder } = this.#core;
    const { setup, destinations } = configuration.value;
    return {
      version: ports.version,
      host: ports.host,
      platform: process.platform,
      hostname: ports.hostname,
      homeFolder: ports.homeFolder,
      stateFolder,
      rclone: await this.#askRclone(),
      setup: {
        // One that the environment brings along counts too.
        passphraseSet: setup.passphraseSet || secrets.state === 'unlocked',
        unlocked: secrets.state === 'unlocked',
        recoveryKitSavedAt: setup.recoveryKitSavedAt,
        recoveryKitLacks: destinations.flatMap(({ name, addedAt }) =>
          setup.recoveryKitSavedAt !== null && addedAt > setup.recoveryKitSavedAt ? [name] : [],
        ),
        recoveryKitTriedAt: setup.recoveryKitTriedAt,
        finished: setup.finished,
      },
      keyProtection: await ports.keyStore.protection(),
      nativeDialogs: ports.folderChooser !== null,
    };
  }

  async chooseFolder(title: string): Promise<string | null> {
    const { folderChooser } = this.#core.ports;
    if (!folderChooser) throw new TriplicateError('app/invalid', 'This host has no folder chooser of the system.');
    return folderChooser.choose(title);
  }

  reveal(path: string): Promise<'shown' | 'not-shown'> {
    return this.#core.ports.opener.reveal(path);
  }

  /** Asked once; a missing rclone is asked for again, because it may have been installed meanwhile. */
  async #askRclone(): Promise<SystemInfo['rclone']> {
    this.#rclone ??= this.#core.engine.call('rcloneVersion', {}).then(
      (version) => ({ available: true, version, hint: null }),
      (error: unknown) => {
        this.#rclone = undefined;
        const { code, hint, message } = toWire(error);
        return {
          available: false,
          version: null,
          hint: code === 'rclone/not-installed' ? hint : (message.split('\n')[0] ?? hint),
        };
      },
    );
    return this.#rclone;
  }
}
