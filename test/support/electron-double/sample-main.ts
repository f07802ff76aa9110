/** A main process with the real shell, transport and bridge around an app of three methods, for the tests of the shell. */
import { app } from 'electron';
import type { Envelope, EventName } from '../../../main/api/contract/contract.ts';
import type { Api } from '../../../main/api/dispatch.ts';
import { declareProtocol } from '../../../main/shell/protocol.ts';
import { openShell } from '../../../main/shell/shell.ts';
import { claimSingleInstance } from '../../../main/shell/single-instance.ts';
import { createMainWindow } from '../../../main/shell/window.ts';

type Listener = (event: EventName, payload: unknown) => void;
const listeners = new Set<Listener>();
const emit: Listener = (event, payload) => {
  for (const listener of listeners) listener(event, payload);
};

const settings = { closeToTray: process.argv.includes('--close-to-tray'), notifications: true, startAtLogin: false };

/** Methods outside the contract let a test see what the borders do to values. */
const METHODS: Readonly<Record<string, (input: unknown) => unknown>> = {
  'settings.get': () => settings,
  'folders.list': () => [],
  'test.echo': (input) => input,
  'test.throw': () => {
    throw Object.assign(new Error('the words'), { secret: 'kept back' });
  },
  'test.uncloneable': () => () => undefined,
  'test.emit': (input) => {
    const { event, payload } = input as { event: EventName; payload: unknown };
    emit(event, payload);
    return {};
  },
};

const api: Api = {
  call: async (method, input): Promise<Envelope<unknown>> => {
    const run = METHODS[method];
    if (!run) throw new Error(`no method ${method}`);
    return { ok: true, value: run(input) };
  },
  subscribe: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

declareProtocol();
const window = createMainWindow();
if (claimSingleInstance(window.show)) {
  await app.whenReady();
  await openShell(window, api, async () => void process.stdout.write('closed cleanly\n'));
}
