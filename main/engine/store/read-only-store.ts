import { TriplicateError } from '../errors.ts';
import type { WriteStore } from './store.ts';

/** A store that gives everything and takes nothing: for looking into a destination that must not change. */
export function readOnly(store: WriteStore): WriteStore {
  const refuse = async (): Promise<never> => {
    throw new TriplicateError('store/read-only', `${store.location} is opened for reading only.`, {
      hint: 'Nothing was changed.',
    });
  };
  return {
    location: store.location,
    capabilities: store.capabilities,
    list: (type, signal) => store.list(type, signal),
    get: (name, range, signal) => store.get(name, range, signal),
    stat: (signal) => store.stat(signal),
    close: () => store.close(),
    create: refuse,
    put: refuse,
    replaceConfig: refuse,
    remove: refuse,
  };
}
