import type { destinationMethods } from '../contract/destinations.ts';
import type { Handlers } from '../dispatch.ts';

export const destinationHandlers: Handlers<keyof typeof destinationMethods> = {
  'destinations.list': (app) => app.destinations.list(),
  'destinations.add': (app, input) => app.destinations.add(input),
  'destinations.update': (app, input) => app.destinations.update(input),
  'destinations.remove': async (app, { id }) => {
    await app.destinations.remove(id);
    return {};
  },
  'destinations.leaveMissed': async (app, { id }) => {
    await app.catchUp.leave(id);
    return {};
  },
  'destinations.test': (app, input) => app.destinations.test(input),
  'destinations.unlock': async (app, { id }) => ({ removed: await app.destinations.unlock(id) }),
  'destinations.remotes': (app) => app.destinations.remotes(),
  'destinations.remoteFolders': (app, { remote, path }) => app.destinations.remoteFolders(remote, path),
  'destinations.disks': (app) => app.disks(),
};
