import type { IpcMainInvokeEvent, WebContents, WebFrameMain } from 'electron';
import { expect, test } from 'vitest';
import { CALL_CHANNEL, EVENT_CHANNEL } from '../../../main/api/channels.ts';
import type { Envelope, EventName } from '../../../main/api/contract/contract.ts';
import { connectWindows, isInterfaceAddress } from '../../../main/api/electron-transport.ts';

type Handler = (event: IpcMainInvokeEvent, ...args: unknown[]) => Promise<Envelope<unknown>>;

/** The part of Electron that the transport is given, with a window of ours and a stranger. */
function connected(call: (method: string, input: unknown) => unknown = () => 'done') {
  const handlers = new Map<string, Handler>();
  const listeners = new Set<(event: EventName, payload: unknown) => void>();
  const sent: unknown[][] = [];
  const contents = (): WebContents =>
    ({ isDestroyed: () => false, send: (...words: unknown[]) => void sent.push(words) }) as unknown as WebContents;
  const ours = contents();
  const stranger = contents();
  const disconnect = connectWindows(
    {
      handle: (channel, handler) => void handlers.set(channel, handler as Handler),
      removeHandler: (channel) => void handlers.delete(channel),
    },
    () => [ours],
    {
      call: async (method, input) => ({ ok: true, value: call(method, input) }),
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  );
  const from = (sender: WebContents, senderFrame: Partial<WebFrameMain> | null, method: unknown = 'system.info') => {
    const handler = handlers.get(CALL_CHANNEL);
    if (!handler) throw new Error('nothing listens');
    return handler({ sender, senderFrame } as IpcMainInvokeEvent, method, {});
  };
  return { ours, stranger, from, disconnect, handlers, listeners, sent };
}

const page = { url: 'app://triplicate/index.html', parent: null } as const;

test('serves the main frame of our window', async () => {
  const { ours, from } = connected();
  expect(await from(ours, page)).toEqual({ ok: true, value: 'done' });
});

test.each([
  ['a frame that has gone', null],
  ['a frame inside the page', { ...page, parent: page as unknown as WebFrameMain }],
  ['a foreign page in our window', { url: 'https://evil.example/', parent: null }],
  ['a page that only looks like ours', { url: 'app://triplicate.evil.example/', parent: null }],
  ['another scheme', { url: 'file:///triplicate/index.html', parent: null }],
  ['an empty address', { url: '', parent: null }],
])('refuses %s', async (_name, frame) => {
  const calls: string[] = [];
  const { ours, from } = connected((method) => calls.push(method));
  expect(await from(ours, frame)).toMatchObject({ ok: false, error: { code: 'app/unauthorized' } });
  expect(calls).toEqual([]);
});

test('refuses a window that is not ours, whatever it shows', async () => {
  const { stranger, from } = connected();
  expect(await from(stranger, page)).toMatchObject({ ok: false, error: { code: 'app/unauthorized' } });
});

test('refuses a method that is not a name', async () => {
  const { ours, from } = connected();
  expect(await from(ours, page, { toString: 'system.info' })).toMatchObject({ ok: false, error: { code: 'usage' } });
});

test('never rejects: an error is a value', async () => {
  const { ours, from } = connected(() => {
    throw new Error('the words');
  });
  expect(await from(ours, page)).toMatchObject({ ok: false, error: { code: 'internal', message: 'the words' } });
});

test('sends events to our windows until it is disconnected', () => {
  const { listeners, sent, disconnect, handlers } = connected();
  for (const listener of listeners) listener('notice', { level: 'info', title: 't', text: '' });
  expect(sent).toEqual([[EVENT_CHANNEL, 'notice', { level: 'info', title: 't', text: '' }]]);
  disconnect();
  expect(listeners.size).toBe(0);
  expect(handlers.size).toBe(0);
});

test('knows its own address', () => {
  expect(isInterfaceAddress('app://triplicate/')).toBe(true);
  expect(isInterfaceAddress('app://triplicate:1/')).toBe(false);
  expect(isInterfaceAddress('not an address')).toBe(false);
});
