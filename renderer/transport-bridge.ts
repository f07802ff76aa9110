import type { Envelope } from '../main/api/contract/contract.ts';
import type { Transport } from './client.ts';

/** What the preload script puts on the window of the desktop host. */
export interface Bridge {
  call(method: string, input: unknown): Promise<Envelope<unknown>>;
  on(event: string, listener: (payload: unknown) => void): () => void;
}

declare global {
  interface Window {
    readonly triplicate?: Bridge;
  }
}

/** The desktop host: the app lives in the same program, so the link is always there. */
export function bridgeTransport(bridge: Bridge): Transport {
  return {
    call: (method, input) => bridge.call(method, input),
    on: (event, listener) => bridge.on(event, listener),
    connection: () => 'open',
    onConnection: () => () => {},
  };
}
