/**
 * The contract over Electron IPC. One channel takes every call and answers with an envelope, because an error thrown in a
 * handler would arrive with its message only; another carries events to the windows. Who may call is decided here, before
 * the method is looked at; name and payload are validated by the dispatcher, the same as for the browser host.
 */
import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import { TriplicateError } from '../engine/errors.ts';
import { APP_HOST, APP_SCHEME, CALL_CHANNEL, EVENT_CHANNEL } from './channels.ts';
import type { Envelope } from './contract/contract.ts';
import type { Api } from './dispatch.ts';
import { contractError } from './envelope.ts';

/** Connects the windows to the app. Returns the function that disconnects them. `windows` gives those that are ours. */
export function connectWindows(
  ipcMain: Pick<IpcMain, 'handle' | 'removeHandler'>,
  windows: () => readonly WebContents[],
  api: Api,
): () => void {
  ipcMain.handle(CALL_CHANNEL, async (event, method: unknown, input: unknown): Promise<Envelope<unknown>> => {
    if (!isOurs(event, windows())) {
      return refuse(new TriplicateError('app/unauthorized', 'This page may not control Triplicate.'));
    }
    if (typeof method !== 'string') return refuse(new TriplicateError('usage', 'The method must be a name.'));
    try {
      return await api.call(method, input);
    } catch (error) {
      return refuse(error);
    }
  });
  const unsubscribe = api.subscribe((event, payload) => {
    for (const contents of windows()) if (!contents.isDestroyed()) contents.send(EVENT_CHANNEL, event, payload);
  });
  return () => {
    unsubscribe();
    ipcMain.removeHandler(CALL_CHANNEL);
  };
}

/** True for a page of the interface itself. The custom scheme has no origin in Node's URL, so both parts are compared. */
export function isInterfaceAddress(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === `${APP_SCHEME}:` && url.host === APP_HOST;
}

/** Only the main frame of one of our windows, showing our own page, may call. */
function isOurs(event: IpcMainInvokeEvent, windows: readonly WebContents[]): boolean {
  const frame = event.senderFrame; // null when the frame has gone or moved on
  if (frame === null || frame.parent !== null) return false;
  return windows.includes(event.sender) && isInterfaceAddress(frame.url);
}

function refuse(error: unknown): Envelope<never> {
  return { ok: false, error: contractError(error) };
}
