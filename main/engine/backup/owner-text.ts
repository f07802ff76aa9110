import { jsonString } from '../format/json-text.ts';

/** The name of an owner as it stands in a tree; that of the last one is kept, as neighbours mostly have the same. */
export class OwnerText {
  readonly #key: 'user' | 'group';
  #name: string | undefined;
  #text: Uint8Array = new Uint8Array(0);

  constructor(key: 'user' | 'group') {
    this.#key = key;
  }

  /** The key and the name; nothing for a name that nobody knows. */
  of(name: string): Uint8Array {
    if (name !== this.#name) {
      this.#name = name;
      this.#text = name === '' ? new Uint8Array(0) : Buffer.from(`,"${this.#key}":${jsonString(name)}`);
    }
    return this.#text;
  }
}
