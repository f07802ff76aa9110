import { describe, expect, test, vi } from 'vitest';
import { CallFailure, createClient, errorWords } from '../../../renderer/client.ts';
import { mergePages, mergeRun } from '../../../renderer/live.ts';
import { type HttpSurroundings, httpTransport, takeToken } from '../../../renderer/transport-http.ts';
import { makeWorld } from '../../support/fake-world.ts';

/** A socket that the test drives. */
class ScriptedSocket extends EventTarget {
  close(): void {}
  message(data: string): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

function browser(answer: (path: string, body: unknown) => Response | Promise<Response>, token?: string) {
  const calls: string[] = [];
  const sockets: ScriptedSocket[] = [];
  const waits: { milliseconds: number; then: () => void }[] = [];
  const ticks: (() => void)[] = [];
  const surroundings: HttpSurroundings = {
    origin: 'http://127.0.0.1:7000',
    token,
    fetch: async (address, init) => {
      const path = String(address).replace('http://127.0.0.1:7000', '');
      calls.push(path);
      return answer(path, JSON.parse(String(init?.body)));
    },
    openSocket: () => {
      const socket = new ScriptedSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    wait: (milliseconds, then) => waits.push({ milliseconds, then }),
    every: (_, tick) => {
      ticks.push(tick);
      return () => ticks.splice(ticks.indexOf(tick), 1);
    },
  };
  return { calls, sockets, waits, ticks, transport: httpTransport(surroundings) };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
const json = (value: unknown) => new Response(JSON.stringify(value));

describe('over HTTP', () => {
  test('the token becomes a session before the first call', async () => {
    const { calls, transport } = browser(() => json({ ok: true, value: {} }), 'secret');
    await createClient(transport).call('setup.finish', {});
    expect(calls).toEqual(['/session', '/api/setup.finish']);
  });

  test('an error of the app is thrown with its code, words and hint', async () => {
    const error = { code: 'app/exists', message: 'It is there.', hint: 'Choose another.', retry: 'never', data: {} };
    const client = createClient(browser(() => json({ ok: false, error })).transport);
    const thrown = await client.call('folders.list', {}).catch((problem: unknown) => problem);
    expect(thrown).toBeInstanceOf(CallFailure);
    expect(errorWords(thrown)).toEqual(error);
  });

  test('an app that does not answer is an error with a hint, not an exception from the network', async () => {
    const { transport } = browser(() => Promise.reject(new TypeError('Failed to fetch')));
    expect(await transport.call('folders.list', {})).toMatchObject({ ok: false, error: { code: 'store/unreachable' } });
  });

  test('a page that is not signed in says so once and stops knocking', async () => {
    const { sockets, waits, transport } = browser(() => new Response('', { status: 401 }));
    const seen: string[] = [];
    transport.onConnection((state) => seen.push(state));
    await settle();
    sockets[0]?.dispatchEvent(new Event('close'));
    await settle();
    expect(transport.connection()).toBe('unauthorised');
    expect(seen.filter((state) => state === 'unauthorised')).toHaveLength(1);
    waits[0]?.then();
    expect(sockets).toHaveLength(1);
  });

  test('events reach whoever subscribed, and nobody after that', async () => {
    const { sockets, transport } = browser(() => json({ ok: true, value: {} }));
    await settle();
    const heard: unknown[] = [];
    const stop = transport.on('history.changed', (payload) => heard.push(payload));
    sockets[0]?.message('{"event":"history.changed","payload":{"folderId":"f"}}');
    sockets[0]?.message('not json');
    stop();
    sockets[0]?.message('{"event":"history.changed","payload":{"folderId":"g"}}');
    expect(heard).toEqual([{ folderId: 'f' }]);
  });

  test('a lost socket is opened again, ever more slowly, quickly again after success', async () => {
    const { sockets, waits, transport } = browser(() => json({ ok: true, value: {} }));
    await settle();
    for (const index of [0, 1]) {
      sockets[index]?.dispatchEvent(new Event('close'));
      waits[index]?.then();
    }
    expect(waits.map(({ milliseconds }) => milliseconds)).toEqual([500, 1000]);
    expect(transport.connection()).toBe('lost');
    sockets[2]?.dispatchEvent(new Event('open'));
    expect(transport.connection()).toBe('open');
    sockets[2]?.dispatchEvent(new Event('close'));
    expect(waits[2]?.milliseconds).toBe(500);
  });
});

test('a link that is silent for too long is lost, and is made anew', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { sockets, waits, ticks, transport } = browser(() => json({ ok: true, value: {} }));
  await settle();
  sockets[0]?.dispatchEvent(new Event('open'));
  vi.advanceTimersByTime(35_000);
  sockets[0]?.message('{"event":"alive","payload":{}}');
  vi.advanceTimersByTime(35_000);
  ticks[0]?.();
  expect(transport.connection()).toBe('open');
  vi.advanceTimersByTime(10_000);
  ticks[0]?.();
  expect(transport.connection()).toBe('lost');
  expect(ticks).toEqual([]);
  waits[0]?.then();
  expect(sockets).toHaveLength(2);
  sockets[0]?.dispatchEvent(new Event('close'));
  expect(waits).toHaveLength(1);
  vi.useRealTimers();
});

test.each(['', '<html>Bad gateway</html>', '{"error":"bad gateway"}', 'null'])(
  'an answer that is not the app’s (%j) never counts as done',
  async (body) => {
    const { transport } = browser(() => new Response(body, { status: 502 }));
    expect(await transport.call('folders.remove', {})).toMatchObject({
      ok: false,
      error: { hint: expect.stringContaining('by itself') },
    });
  },
);

test('the one-time token is taken out of the address', () => {
  expect(takeToken('#token=a%2Bb')).toEqual({ token: 'a+b', rest: '' });
  expect(takeToken('#/history/f')).toEqual({ token: undefined, rest: '#/history/f' });
});

test('a run that moves on replaces itself in a list; a new one joins only lists that it fits', () => {
  const [first, second] = makeWorld('good', Date.now()).runs;
  if (first === undefined || second === undefined) throw new Error('The sample has no runs.');
  expect(mergeRun([first, second], { ...second, state: 'failed' }, {})[1]?.state).toBe('failed');
  expect(mergeRun([second], first, {})).toEqual([first, second]);
  expect(mergeRun([second], first, { kinds: ['prune'] })).toEqual([second]);
  expect(mergeRun([second], { ...first, state: 'done' }, { states: ['failed'] })).toEqual([second]);
  expect(mergeRun([{ ...second, state: 'done' }], { ...second, state: 'running' }, {})[0]?.state).toBe('done');
});

test('in a list that comes in pages, a run moves on where it stands and a new one stands on the first', () => {
  const [first, second, third] = makeWorld('good', Date.now()).runs;
  if (first === undefined || second === undefined || third === undefined) throw new Error('The sample has no runs.');
  const all = { pages: [[second], [third]], pageParams: [undefined, second.id] };
  const failed = { ...third, state: 'failed' as const };
  expect(mergePages(all, failed, {}).pages).toEqual([[second], [failed]]);
  expect(mergePages(all, first, {}).pages).toEqual([[first, second], [third]]);
});
