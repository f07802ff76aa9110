import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../../../main/api/contract/contract.ts';
import { dispatch } from '../../../main/api/dispatch.ts';
import type { App } from '../../../main/app/compose.ts';
import { FIRST_CONFIGURATION } from '../../../main/app/records.ts';
import { TriplicateError } from '../../../main/engine/errors.ts';

const { settings } = FIRST_CONFIGURATION;

function appWith(parts: object): App {
  return { log: pino({ level: 'silent' }), ...parts } as unknown as App;
}

describe('a call', () => {
  it('reaches the app and gives its value', async () => {
    const app = appWith({ settings: { get: () => settings } });
    expect(await dispatch(app, 'settings.get', {})).toEqual({ ok: true, value: settings });
  });

  it.each(['nothing.there', '__proto__', 'constructor', ''])('of %j is refused', async (name) => {
    expect(await dispatch(appWith({}), name, {})).toMatchObject({ ok: false, error: { code: 'usage' } });
  });

  it('with a wrong input is refused before the app hears of it, naming the field', async () => {
    const answer = await dispatch(appWith({}), 'settings.update', { quietSeconds: 0 });
    expect(answer).toMatchObject({ ok: false, error: { code: 'app/invalid', data: { field: 'quietSeconds' } } });
  });

  it('does not let a wrong output out', async () => {
    const app = appWith({ settings: { get: () => ({ ...settings, theme: 'pink' }) } });
    expect(await dispatch(app, 'settings.get', {})).toMatchObject({ ok: false, error: { code: 'internal' } });
  });

  it('passes on what the app says went wrong', async () => {
    const app = appWith({
      runs: {
        get: () => {
          throw new TriplicateError('app/not-found', 'This run is no longer kept.');
        },
      },
    });
    expect(await dispatch(app, 'runs.get', { id: 'x' })).toMatchObject({ ok: false, error: { code: 'app/not-found' } });
  });

  it('hides internals behind a reference', async () => {
    const app = appWith({
      settings: {
        get: () => {
          throw new Error('/home/somebody/secret');
        },
      },
    });
    const answer = await dispatch(app, 'settings.get', {});
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(answer).toMatchObject({
      ok: false,
      error: { code: 'internal', message: expect.stringMatching(/reference [0-9a-f]{8}/) },
    });
  });
});

it('the names of all methods (a change here is a change of the contract)', () => {
  expect(Object.keys(METHODS)).toMatchInlineSnapshot(`
    [
      "system.info",
      "system.chooseFolder",
      "system.browse",
      "system.createFolder",
      "system.reveal",
      "settings.get",
      "settings.update",
      "setup.suggestFolders",
      "setup.setPassphrase",
      "setup.unlock",
      "setup.recoveryKit",
      "setup.recoveryKitSaved",
      "setup.tryRecoveryKit",
      "setup.finish",
      "folders.list",
      "folders.add",
      "folders.update",
      "folders.remove",
      "destinations.list",
      "destinations.add",
      "destinations.update",
      "destinations.remove",
      "destinations.leaveMissed",
      "destinations.test",
      "destinations.unlock",
      "destinations.remotes",
      "destinations.remoteFolders",
      "destinations.disks",
      "runs.backup",
      "runs.check",
      "runs.prune",
      "runs.drill",
      "runs.catchUp",
      "runs.cancel",
      "runs.get",
      "runs.list",
      "history.pastFolders",
      "history.bringIn",
      "history.moments",
      "history.browse",
      "history.search",
      "history.versions",
      "history.preview",
      "restore.plan",
      "restore.start",
    ]
  `);
});
