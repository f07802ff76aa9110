/** The two IPC channels of the Electron host: calls from the window, events to it. Nothing else crosses. */
export const CALL_CHANNEL = 'triplicate:call';
export const EVENT_CHANNEL = 'triplicate:event';

/** The address of the interface in the Electron window. */
export const APP_SCHEME = 'app';
export const APP_HOST = 'triplicate';
export const APP_ADDRESS = `${APP_SCHEME}://${APP_HOST}/`;
