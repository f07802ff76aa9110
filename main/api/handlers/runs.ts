import type { runMethods } from '../contract/runs.ts';
import type { Handlers } from '../dispatch.ts';

export const runHandlers: Handlers<keyof typeof runMethods> = {
  'runs.backup': async (app, input) => ({ runs: await app.work.backUpNow(input) }),
  'runs.check': (app, { destinationId, readData }) =>
    app.work.check(destinationId, readData ? 'read-data' : 'structure', 'person'),
  'runs.prune': (app, { destinationId }) => app.work.prune(destinationId, 'person'),
  'runs.drill': (app, { destinationId }) => app.work.drill(destinationId, 'person'),
  'runs.catchUp': (app, { destinationId }) => app.catchUp.ask(destinationId),
  'runs.cancel': (app, { id }) => {
    app.runs.cancel(id);
    return {};
  },
  'runs.get': (app, { id }) => app.runs.get(id),
  'runs.list': (app, input) => app.runs.list(input),
};
