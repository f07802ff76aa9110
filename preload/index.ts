/** The bridge: the window gets the contract's call and its events, and nothing else of Electron or Node. */
import { contextBridge, ipcRenderer } from 'electron';
import { CALL_CHANNEL, EVENT_CHANNEL } from '../main/api/channels.ts';

const bridge = {
  /** Resolves with the envelope of the contract; rejects only when the app itself is gone. */
  call: (method: string, input: unknown): Promise<unknown> => ipcRenderer.invoke(CALL_CHANNEL, String(method), input),

  /** Calls `listener` with the payload of every event of that name; returns the function that stops it. */
  on: (event: string, listener: (payload: unknown) => void): (() => void) => {
    // Electron's own event object carries `sender`, so it stays on this side.
    const relay = (_event: unknown, name: string, payload: unknown): void => {
      if (name === event) listener(payload);
    };
    ipcRenderer.on(EVENT_CHANNEL, relay);
    return () => {
      ipcRenderer.off(EVENT_CHANNEL, relay);
    };
  },
};

export type Bridge = typeof bridge;

contextBridge.exposeInMainWorld('triplicate', bridge);
