import { TriplicateError, toWire } from '../engine/errors.ts';
import { type Core, isoNow } from './core.ts';
import type { Destinations } from './destinations.ts';
import type { Folders } from './folders.ts';
import type { Configuration } from './records.ts';
import { makeRecoveryKit } from './recovery-kit.ts';

/** Of a passphrase. */
const LEAST_CHARACTERS = 8;

/** The passphrase, the recovery kit and the guide's end. */
export class Setup {
  readonly #core: Core;
  readonly #folders: Folders;
  readonly #destinations: Destinations;

  constructor(core: Core, folders: Folders, destinations: Destinations) {
    this.#core = core;
    this.#folders = folders;
    this.#destinations = destinations;
  }

  /** @throws `app/invalid` */
  async setPassphrase(passphrase: string): Promise<void> {
    if (passphrase.length < LEAST_CHARACTERS) {
      throw new TriplicateError(
        'app/invalid',
        `The passphrase is too short: it needs at least ${LEAST_CHARACTERS} characters.`,
        { hint: 'Take some words that are easy to keep, such as four that have nothing to do with each other.' },
      );
    }
    if (this.#destinations.records().length > 0) {
      throw new TriplicateError('app/invalid', 'The passphrase cannot be replaced here once there are destinations.', {
        hint: 'Existing repositories keep the passphrase with which they were made.',
      });
    }
    const { secrets } = this.#core;
    const isNew = secrets.state === 'locked' || !secrets.isMain(passphrase);
    await secrets.setMain(passphrase);
    // A page that was printed before has another one on it.
    const kit = isNew ? { recoveryKitSavedAt: null, recoveryKitTriedAt: null } : {};
    await this.#mark({ passphraseSet: true, ...kit });
  }

  /**
   * Enters it again when the key store lost it. Only a repository that has the passphrase of all others proves it: one with its
   * own must not give it to them. @throws `repo/wrong-passphrase`, `store/unreachable` when nothing can be asked
   */
  async unlock(passphrase: string): Promise<void> {
    const { secrets, engine } = this.#core;
    const destinations = this.#destinations.records();
    const mains = destinations.filter(({ key }) => key === 'main');
    const asked = mains.length > 0 ? mains : destinations;
    let failure: unknown;
    let proven = asked.length === 0;
    for (const { location } of asked) {
      try {
        await engine.call('open', { repository: { location, passphrase } });
        proven = true;
        break;
      } catch (error) {
        // One that is away proves nothing; a wrong passphrase at one place may still open another.
        if (failure === undefined || toWire(error).code === 'repo/wrong-passphrase') failure = error;
      }
    }
    if (!proven) throw failure;
    await secrets.setMain(passphrase);
    await this.#mark({ passphraseSet: true });
  }

  recoveryKit(): Promise<{ html: string; text: string }> {
    const destinations = this.#destinations.records().map(({ id, name, location }) => ({
      name,
      location,
      passphrase: this.#core.secrets.of(id),
    }));
    return makeRecoveryKit({
      passphrase: this.#core.secrets.main(),
      destinations,
      folders: this.#folders.records().map(({ path }) => path),
      hostname: this.#core.ports.hostname,
      madeAt: isoNow(this.#core),
    });
  }

  recoveryKitSaved(): Promise<void> {
    return this.#mark({ recoveryKitSavedAt: isoNow(this.#core) });
  }

  async tryRecoveryKit(passphrase: string): Promise<boolean> {
    const correct = this.#core.secrets.isMain(passphrase);
    if (correct) await this.#mark({ recoveryKitTriedAt: isoNow(this.#core) });
    return correct;
  }

  finish(): Promise<void> {
    return this.#mark({ finished: true });
  }

  async #mark(change: Partial<Configuration['setup']>): Promise<void> {
    await this.#core.configuration.update((all) => ({ ...all, setup: { ...all.setup, ...change } }));
    this.#core.changed('system');
  }
}
