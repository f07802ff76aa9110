import type { Envelope } from '../main/api/contract/contract.ts';
import type { Connection, Transport } from './client.ts';
import { decoded } from './parts/address.ts';

/** The parts of the browser that the transport needs; tests hand in their own. */
export interface HttpSurroundings {
  readonly origin: string;
  /** The one-time token of the printed address, when this is the first visit. */
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
  readonly openSocket: (address: string) => WebSocket;
  readonly wait: (milliseconds: number, then: () => void) => void;
  /** Calls again and again; gives back what ends it. */
  readonly every: (milliseconds: number, tick: () => void) => () => void;
}

/** The app gives a sign of life every 15 seconds; so long without one, and the link is gone though nothing says so. */
const SILENT_MS = 40_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** The browser host: POST /api/METHOD for calls, one WebSocket for events, a cookie from POST /session. */
export function httpTransport(surroundings: HttpSurroundings): Transport {
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const watchers = new Set<(connection: Connection) => void>();
  let connection: Connection = 'connecting';

  function enter(next: Connection): void {
    if (connection === next) return;
    connection = next;
    for (const watcher of watchers) watcher(next);
  }

  const session = surroundings.token === undefined ? Promise.resolve() : openSession(surroundings, surroundings.token);

  async function call(method: string, input: unknown): Promise<Envelope<unknown>> {
    await session;
    const envelope = await post(surroundings, `/api/${method}`, input);
    if (!envelope.ok && envelope.error.code === 'app/unauthorized') enter('unauthorised');
    return envelope;
  }

  function connect(retryMs: number): void {
    if (connection === 'unauthorised') return;
    const socket = surroundings.openSocket(`${surroundings.origin.replace(/^http/, 'ws')}/events`);
    let delay = retryMs;
    let heardAt = 0;
    let state: 'in-use' | 'ended' = 'in-use';
    let stopListening = () => {};
    socket.addEventListener('open', () => {
      delay = FIRST_RETRY_MS;
      heardAt = Date.now();
      stopListening = surroundings.every(SILENT_MS / 4, () => {
        if (Date.now() - heardAt < SILENT_MS) return;
        end();
        socket.close();
      });
      enter('open');
    });
    socket.addEventListener('message', (message: MessageEvent) => {
      if (state === 'ended') return;
      heardAt = Date.now();
      const parsed = parseMessage(message.data);
      if (parsed === undefined) return;
      for (const listener of listeners.get(parsed.event) ?? []) listener(parsed.payload);
    });
    socket.addEventListener('close', end);

    function end(): void {
      stopListening();
      if (state === 'ended' || connection === 'unauthorised') return;
      state = 'ended';
      enter('lost');
      // A refused socket does not say why; a call does.
      void call('system.info', {});
      surroundings.wait(delay, () => connect(Math.min(delay * 2, LONGEST_RETRY_MS)));
    }
  }

  void session.then(() => connect(FIRST_RETRY_MS));

  return {
    call,
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      set.add(listener);
      listeners.set(event, set);
      return () => set.delete(listener);
    },
    connection: () => connection,
    onConnection(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

/** Takes the one-time token out of an address such as `#token=…`; what is left belongs to the router. */
export function takeToken(hash: string): { readonly token: string | undefined; readonly rest: string } {
  const match = /^#\/?\??token=([^&]+)&?(.*)$/.exec(hash);
  if (match === null) return { token: undefined, rest: hash };
  return { token: decoded(match[1] ?? ''), rest: match[2] === '' ? '' : `#${match[2]}` };
}

async function openSession(surroundings: HttpSurroundings, token: string): Promise<void> {
  // A used token is refused, but the cookie of the first visit may still be good: the next call tells.
  await post(surroundings, '/session', { token });
}

async function post(surroundings: HttpSurroundings, path: string, body: unknown): Promise<Envelope<unknown>> {
  try {
    const response = await surroundings.fetch(`${surroundings.origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      credentials: 'same-origin',
      body: JSON.stringify(body),
    });
    if (response.status === 401) return failure('app/unauthorized', UNAUTHORISED);
    const answer: unknown = JSON.parse(await response.text());
    // Whatever stands between us and the app may answer for it, with nothing or with a page: that never counts as done.
    return isEnvelope(answer) ? answer : failure('store/unreachable', UNREACHABLE);
  } catch {
    return failure('store/unreachable', UNREACHABLE);
  }
}

function isEnvelope(answer: unknown): answer is Envelope<unknown> {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) return false;
  return answer.ok === true ? 'value' in answer : 'error' in answer && typeof answer.error === 'object';
}

const UNAUTHORISED = { message: 'This page is not signed in.', hint: 'Open the address that was printed at start.' };
const UNREACHABLE = {
  message: 'Triplicate does not answer.',
  hint: 'It may have been closed. This page tries again by itself; your copies are not affected.',
};

function failure(code: string, words: { message: string; hint: string }): Envelope<unknown> {
  return { ok: false, error: { code, ...words, retry: 'when-back', data: {} } };
}

function parseMessage(data: unknown): { event: string; payload: unknown } | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    if (typeof message !== 'object' || message === null || !('event' in message) || !('payload' in message)) return;
    return typeof message.event === 'string' ? { event: message.event, payload: message.payload } : undefined;
  } catch {
    return undefined;
  }
}
