import type { AppPorts } from '../../main/app/ports.ts';

/** A host with nothing around it: no screen, no folders, a process for the watcher that never says anything. */
export function barePorts(own: Partial<AppPorts> = {}): AppPorts {
  return {
    host: 'browser',
    version: '0',
    hostname: 'here',
    homeFolder: '/nowhere',
    clock: { now: () => Date.now() },
    keyStore: {
      protection: async () => 'file',
      load: async () => 'a passphrase',
      save: async () => undefined,
      clear: async () => undefined,
    },
    power: { source: () => 'mains', onResume: () => () => undefined },
    folderChooser: null,
    opener: { reveal: async () => 'not-shown' },
    startProcess: () => ({
      post: () => undefined,
      onMessage: () => undefined,
      onExit: () => undefined,
      stop: async () => undefined,
    }),
    ...own,
  };
}
