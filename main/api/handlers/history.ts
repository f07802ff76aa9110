import type { historyMethods } from '../contract/history.ts';
import type { Handlers } from '../dispatch.ts';

export const historyHandlers: Handlers<keyof typeof historyMethods> = {
  'history.pastFolders': (app) => app.history.pastFolders(),
  'history.bringIn': async (app, { folderId }) => {
    await app.history.bringIn(folderId);
    return {};
  },
  'history.moments': (app, input) => app.history.moments(input),
  'history.browse': (app, input) => app.history.browse(input),
  'history.search': (app, input) => app.history.search(input),
  'history.versions': (app, input) => app.history.versions(input),
  'history.preview': (app, input) => app.history.preview(input),
  'restore.plan': (app, input) => app.restores.plan(input),
  'restore.start': (app, { planId }) => app.restores.start(planId),
};
