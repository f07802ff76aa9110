import type { EventName, EventPayload } from '../api/contract/contract.ts';

export type AppListener = <Name extends EventName>(event: Name, payload: EventPayload<Name>) => void;

/** The app's one stream of events, typed by the contract. A listener that throws does not reach the sender. */
export class AppEvents {
  readonly #listeners = new Set<AppListener>();

  emit<Name extends EventName>(event: Name, payload: EventPayload<Name>): void {
    for (const listener of this.#listeners) {
      try {
        listener(event, payload);
      } catch {
        // A window that closed a moment ago must not stop a backup.
      }
    }
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: AppListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
