import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { TriplicateError } from '../engine/errors.ts';
import type { KeyStore } from './ports.ts';

const sealed = z.object({ triplicate: z.literal(1), main: z.string(), own: z.record(z.string(), z.string()) });

/**
 * The passphrases while the app runs: one for all repositories, and those of adopted repositories that have their own.
 * Only the key store keeps them between two starts.
 */
export class Secrets {
  readonly #store: KeyStore;
  #main: string | null = null;
  #own: Readonly<Record<string, string>> = {};

  constructor(store: KeyStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    const text = (await this.#store.load()) || null;
    const document = text === null ? undefined : readSealed(text);
    // Who starts us gives the one for all; those of adopted repositories only the store has.
    this.#main = (await this.#store.given?.()) || (document?.main ?? text);
    this.#own = document?.own ?? {};
  }

  get state(): 'unlocked' | 'locked' {
    return this.#main === null ? 'locked' : 'unlocked';
  }

  /** @throws `app/passphrase-needed` */
  main(): string {
    if (this.#main === null)
      throw new TriplicateError('app/passphrase-needed', 'The passphrase is not known to this start of Triplicate.');
    return this.#main;
  }

  of(destinationId: string): string {
    return this.#own[destinationId] ?? this.main();
  }

  /** Keeps the passphrase when there is none yet: for hosts that got it from the environment. */
  async setMain(passphrase: string): Promise<void> {
    this.#main = passphrase;
    await this.#save();
  }

  async setOwn(destinationId: string, passphrase: string): Promise<void> {
    this.#own = { ...this.#own, [destinationId]: passphrase };
    await this.#save();
  }

  async dropOwn(destinationId: string): Promise<void> {
    if (!(destinationId in this.#own)) return;
    const { [destinationId]: _gone, ...rest } = this.#own;
    this.#own = rest;
    await this.#save();
  }

  isMain(passphrase: string): boolean {
    const [a, b] = [Buffer.from(passphrase), Buffer.from(this.main())];
    return a.length === b.length && timingSafeEqual(a, b);
  }

  async #save(): Promise<void> {
    if (this.#main === null) return;
    const plain = Object.keys(this.#own).length === 0;
    await this.#store.save(plain ? this.#main : JSON.stringify({ triplicate: 1, main: this.#main, own: this.#own }));
  }
}

function readSealed(text: string): z.infer<typeof sealed> | undefined {
  if (!text.startsWith('{"triplicate":1')) return undefined;
  try {
    return sealed.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
