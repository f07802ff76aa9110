import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { createHttpTransport } from '../../main/engine/store/http-transport.ts';
import { openRestStore } from '../../main/engine/store/rest-store.ts';
import { retrying } from '../../main/engine/store/retrying-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../main/engine/store/store.ts';
import { storedObject } from '../contract/store-suite.ts';
import { type FlakyProxy, startFlakyProxy } from '../support/flaky-proxy.ts';
import { type RestServer, startRestServer } from '../support/rest-server.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const host = { clock: systemClock, random: systemRandom };

let folder: TemporaryFolder;
let server: RestServer;
let proxy: FlakyProxy;
let store: WriteStore;
beforeEach(async () => {
  folder = await temporaryFolder('rest-faults');
  server = await startRestServer(folder.path);
  proxy = await startFlakyProxy(server.port);
  store = open(server.url(proxy.port));
  await store.create();
  await store.put(CONFIG_FILE, Buffer.from('config'));
});
afterEach(async () => {
  await store.close();
  await proxy.close();
  await server.close();
  await folder.remove();
});

const open = (url: string) =>
  openRestStore({ location: 'rest:loopback', transport: createHttpTransport(new URL(url)), ...host });

it('says unreachable when connections are reset, and works again afterwards', async () => {
  proxy.set({ kind: 'down' });
  await expect(store.list('data')).rejects.toMatchObject({ code: 'store/unreachable' });
  await expect(store.get(CONFIG_FILE)).rejects.toMatchObject({ code: 'store/unreachable' });
  await expect(store.stat()).rejects.toMatchObject({ code: 'store/unreachable' });
  expect(proxy.broken()).toBeGreaterThan(0);
  proxy.set({ kind: 'clear' });
  expect(await store.list('data')).toEqual([]);
});

it('never gives half of an answer that broke off', async () => {
  const { name, bytes } = storedObject('data', randomBytes(4 << 20));
  await store.put(name, bytes);
  await store.close();
  proxy.set({ kind: 'cut', direction: 'down', afterBytes: 1 << 20 });
  await expect(store.get(name)).rejects.toMatchObject({ code: 'store/unreachable' });
  expect(proxy.broken()).toBe(1);
});

it('gets an upload through a line that breaks twice', async () => {
  const { name, bytes } = storedObject('data', randomBytes(4 << 20));
  await store.close();
  proxy.set({ kind: 'cut', direction: 'up', afterBytes: 1 << 20 });
  const patient = retrying(store, host);
  const put = patient.put(name, bytes);
  while (proxy.broken() < 2) await systemClock.sleep(5);
  proxy.set({ kind: 'clear' });
  await put;
  expect(Buffer.compare(await patient.get(name), bytes)).toBe(0);
});

it('stops at once when cancelled while the server is silent', async () => {
  await store.close();
  proxy.set({ kind: 'silent' });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await expect(store.get(CONFIG_FILE, undefined, abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
});

it('says denied for a wrong password, without repeating it', async () => {
  const stranger = open(`http://tester:wrong-password@127.0.0.1:${server.port}/`);
  const error = await stranger.get(CONFIG_FILE).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'store/denied' });
  expect(JSON.stringify(error) + String(error)).not.toContain('wrong-password');
  await stranger.close();
});
