import type { folderMethods } from '../contract/folders.ts';
import type { Handlers } from '../dispatch.ts';

export const folderHandlers: Handlers<keyof typeof folderMethods> = {
  'folders.list': (app) => app.folders.list(),
  'folders.add': (app, input) => app.folders.add(input),
  'folders.update': (app, input) => app.folders.update(input),
  'folders.remove': async (app, { id }) => {
    await app.folders.remove(id);
    return {};
  },
};
