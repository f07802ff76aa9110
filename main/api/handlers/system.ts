import type { systemMethods } from '../contract/system.ts';
import type { Handlers } from '../dispatch.ts';

export const systemHandlers: Handlers<keyof typeof systemMethods> = {
  'system.info': (app) => app.system.info(),
  'system.chooseFolder': async (app, { title }) => ({ path: await app.system.chooseFolder(title) }),
  'system.browse': (app, { path, showHidden }) => app.places.browse(path, showHidden ? 'with-hidden' : 'visible'),
  'system.createFolder': async (app, { parent, name }) => ({ path: await app.places.createFolder(parent, name) }),
  'system.reveal': async (app, { path }) => ({ shown: (await app.system.reveal(path)) === 'shown' }),
  'settings.get': (app) => app.settings.get(),
  'settings.update': (app, changes) => app.settings.update(changes),
  'setup.suggestFolders': (app) => app.places.suggestFolders(),
  'setup.setPassphrase': async (app, { passphrase }) => {
    await app.setup.setPassphrase(passphrase);
    return {};
  },
  'setup.unlock': async (app, { passphrase }) => {
    await app.setup.unlock(passphrase);
    return {};
  },
  'setup.recoveryKit': (app) => app.setup.recoveryKit(),
  'setup.recoveryKitSaved': async (app) => {
    await app.setup.recoveryKitSaved();
    return {};
  },
  'setup.tryRecoveryKit': async (app, { passphrase }) => ({ correct: await app.setup.tryRecoveryKit(passphrase) }),
  'setup.finish': async (app) => {
    await app.setup.finish();
    return {};
  },
};
