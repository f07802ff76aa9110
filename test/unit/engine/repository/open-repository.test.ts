import { expect, it } from 'vitest';
import { openStore } from '../../../../main/app/open-store.ts';
import { systemClock } from '../../../../main/app/system.ts';
import { addKey, openRepository } from '../../../../main/engine/engine.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { CHEAP_SCRYPT, newRepository, ownHost, PASSPHRASE } from '../../../support/engine.ts';
import { faulty } from '../../../support/faulty-store.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

it.each(['store/corrupt', 'store/not-found'] as const)(
  'is opened by its second key when the first is %s',
  async (code) => {
    const scratch = await temporaryFolder('open-repository');
    try {
      const made = await newRepository(scratch.path);
      await addKey(made, { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT });
      const error = new TriplicateError(code, 'The first key file cannot be read.');
      const place = await openStore(scratch.path, { clock: systemClock });
      const { store, assertAllFired } = faulty(place, [
        { method: 'get', type: 'keys', fault: { kind: 'fail', error } },
      ]);
      const opened = await openRepository(store, { passphrase: PASSPHRASE }, ownHost());
      expect(opened.config.id).toBe(made.config.id);
      assertAllFired();
    } finally {
      await scratch.remove();
    }
  },
);
