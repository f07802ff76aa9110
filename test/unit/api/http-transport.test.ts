import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Api } from '../../../main/api/dispatch.ts';
import { type HttpServing, serveHttp } from '../../../main/api/http-transport.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let serving: HttpServing;
let calls: string[];
const json = { 'content-type': 'application/json' };

const api: Api = {
  call: async (method) => {
    calls.push(method);
    return { ok: true, value: { method } };
  },
  subscribe: (listener) => {
    const timer = setInterval(() => listener('notice', { level: 'info', title: 'a', text: 'b' }), 10);
    return () => clearInterval(timer);
  },
};

beforeEach(async () => {
  calls = [];
  folder = await temporaryFolder('http');
  await mkdir(join(folder.path, 'out'));
  await writeFile(join(folder.path, 'out', 'index.html'), '<!doctype html><title>screen</title>');
  await writeFile(join(folder.path, 'secret.json'), '"secret"');
  await symlink(join(folder.path, 'secret.json'), join(folder.path, 'out', 'link.json'));
  serving = await serveHttp(api, { interfaceFolder: join(folder.path, 'out') });
});
afterEach(async () => {
  await serving.close();
  await folder.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Plain HTTP, because fetch lets nobody lie about Host and Origin. */
function send(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  const { hostname, port } = new URL(serving.address);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function token(): string {
  return new URL(serving.ticketAddress()).hash.replace('#token=', '');
}

async function cookie(): Promise<string> {
  const answer = await send(
    'POST',
    '/session',
    { ...json, origin: serving.address },
    JSON.stringify({ token: token() }),
  );
  return String(answer.headers['set-cookie']).split(';')[0] ?? '';
}

function socketEnds(headers: Record<string, string>): Promise<'open' | 'refused'> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${serving.address.replace('http', 'ws')}/events`, { headers });
    socket.on('message', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('error', () => resolve('refused'));
  });
}

describe('the browser host', () => {
  it('serves its own page after the one-time token', async () => {
    const own = { cookie: await cookie(), origin: serving.address, ...json };
    const answer = await send('POST', '/api/system.info', own, '{}');
    expect(JSON.parse(answer.body)).toEqual({ ok: true, value: { method: 'system.info' } });
    expect(await socketEnds({ cookie: own.cookie, origin: serving.address })).toBe('open');
  });

  it('gives a cookie that scripts and other sites cannot use', async () => {
    const answer = await send(
      'POST',
      '/session',
      { ...json, origin: serving.address },
      JSON.stringify({ token: token() }),
    );
    expect(String(answer.headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
  });

  it('takes a token once', async () => {
    const body = JSON.stringify({ token: token() });
    const headers = { ...json, origin: serving.address };
    expect((await send('POST', '/session', headers, body)).status).toBe(200);
    expect((await send('POST', '/session', headers, body)).status).toBe(401);
    expect((await send('POST', '/session', headers, '{"token":"guess"}')).status).toBe(401);
  });

  it.each([
    ['another origin', { origin: 'http://evil.example' }, 401],
    ['no origin', {}, 401],
    ['the origin of another port', { origin: 'http://127.0.0.1:1' }, 401],
    ['another host (DNS rebinding)', { host: 'evil.example', origin: 'http://evil.example' }, 403],
  ])('refuses a call with the cookie but %s', async (_name, headers, status) => {
    const answer = await send(
      'POST',
      '/api/runs.backup',
      { ...json, cookie: await cookie(), ...headers } as Record<string, string>,
      '{}',
    );
    expect(answer.status).toBe(status);
    expect(calls).toEqual([]);
  });

  it('refuses a call without a cookie, and one in another form than JSON', async () => {
    expect((await send('POST', '/api/runs.backup', { ...json, origin: serving.address }, '{}')).status).toBe(401);
    const own = { cookie: await cookie(), origin: serving.address };
    expect((await send('POST', '/api/runs.backup', { ...own, 'content-type': 'text/plain' }, '{}')).status).toBe(415);
    expect((await send('PUT', '/api/runs.backup', { ...own, ...json }, '{}')).status).toBe(405);
    expect(calls).toEqual([]);
  });

  it('refuses a body that is too large', async () => {
    const own = { ...json, cookie: await cookie(), origin: serving.address };
    expect((await send('POST', '/api/x', own, JSON.stringify('a'.repeat(2 * 1024 * 1024)))).status).toBe(413);
  });

  it.each([
    ['without a cookie', {}],
    ['from another origin', { origin: 'http://evil.example' }],
  ])('refuses the events %s', async (_name, headers) => {
    expect(await socketEnds({ origin: serving.address, ...headers } as Record<string, string>)).toBe('refused');
    expect(await socketEnds({ cookie: await cookie(), origin: 'http://evil.example' })).toBe('refused');
  });

  it('serves its files with a strict policy and nothing outside of them', async () => {
    const page = await send('GET', '/');
    expect(page.body).toContain('screen');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
    for (const path of [
      '/../secret.json',
      '/%2e%2e/secret.json',
      '/..%2fsecret.json',
      '/link.json',
      '/nothing.js',
      '/.hidden.json',
    ]) {
      expect((await send('GET', path)).status, path).toBe(404);
    }
    expect((await send('GET', '/', { host: 'evil.example' })).status).toBe(403);
  });

  it('lets programs of this user in by their token, but no browser with it', async () => {
    const bearer = { ...json, authorization: `Bearer ${serving.controlToken}` };
    expect((await send('POST', '/api/system.info', bearer, '{}')).status).toBe(200);
    expect((await send('POST', '/api/system.info', { ...bearer, origin: serving.address }, '{}')).status).toBe(401);
    expect((await send('POST', '/api/system.info', { ...json, authorization: 'Bearer guess' }, '{}')).status).toBe(401);
  });

  it('outlives strangers who ask for events and hang up before the answer', async () => {
    const { hostname, port, host } = new URL(serving.address);
    const upgrade = `GET /events HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    for (let round = 0; round < 30; round++) {
      const stranger = connect(Number(port), hostname).on('error', () => undefined);
      await new Promise((resolve) => stranger.once('connect', resolve));
      await new Promise<void>((resolve) => stranger.write(upgrade, () => resolve()));
      stranger.resetAndDestroy();
    }
    expect((await send('GET', '/')).status).toBe(200);
  });
});
