import type { Settings } from '../api/contract/system.ts';
import type { Core } from './core.ts';

/** The person's settings. */
export class SettingsService {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  get(): Settings {
    return this.#core.configuration.value.settings;
  }

  /** Changes what is given; an absent field stays as it is. */
  async update(changes: { readonly [Key in keyof Settings]?: Settings[Key] | undefined }): Promise<Settings> {
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    const saved = this.#core.configuration.update((all) => ({ ...all, settings: { ...all.settings, ...given } }));
    const settings = this.get();
    this.#core.events.emit('settings.changed', settings);
    await saved;
    await this.applyLimits();
    return settings;
  }

  async applyLimits(): Promise<void> {
    const { uploadLimitKiBps, downloadLimitKiBps } = this.get();
    await this.#core.engine.call('limits', { uploadKiBps: uploadLimitKiBps, downloadKiBps: downloadLimitKiBps });
  }
}
