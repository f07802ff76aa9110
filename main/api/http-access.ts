import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';

/**
 * Who may drive the app over HTTP. A page of another site must not, though the browser would send it our cookie: every
 * request must name our own Host (against DNS rebinding), a request with a cookie must come from our own Origin, and the
 * cookie is only given for a one-time token that was printed where the person started the app.
 */
export class HttpAccess {
  readonly #hosts: ReadonlySet<string>;
  readonly #port: number;
  readonly #controlHash: Buffer;
  readonly #tickets = new Set<string>();
  readonly #sessions = new Set<string>();

  /** For programs of this user (the command line): in a file that only this user can read. */
  readonly controlToken = secret();

  constructor(host: string, port: number) {
    this.#port = port;
    this.#hosts = new Set(namesOf(host).map((name) => `${name}:${port}`));
    this.#controlHash = digest(this.controlToken);
  }

  /** A new one-time token for the address. */
  issueTicket(): string {
    const ticket = secret();
    this.#tickets.add(fingerprint(ticket));
    return ticket;
  }

  /** The session cookie for a one-time token; undefined when it is wrong or used. */
  redeem(ticket: unknown): string | undefined {
    if (typeof ticket !== 'string' || !this.#tickets.delete(fingerprint(ticket))) return undefined;
    const session = secret();
    this.#sessions.add(fingerprint(session));
    return `${this.#cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  isOurHost(request: IncomingMessage): boolean {
    return this.#hosts.has((request.headers.host ?? '').toLowerCase());
  }

  /** A foreign Origin never; none only for what is no browser (`control`). */
  isOurOrigin(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    return origin !== undefined && origin.toLowerCase() === `http://${(host ?? '').toLowerCase()}`;
  }

  /** Who makes this request; undefined for nobody we know. */
  identify(request: IncomingMessage): 'screen' | 'control' | undefined {
    if (!this.isOurHost(request)) return undefined;
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      return request.headers.origin === undefined && timingSafeEqual(digest(bearer), this.#controlHash)
        ? 'control'
        : undefined;
    }
    const session = cookies(request.headers.cookie).get(this.#cookieName);
    const known = session !== undefined && this.#sessions.has(fingerprint(session));
    return known && this.isOurOrigin(request) ? 'screen' : undefined;
  }

  /** Cookies do not know ports: two instances must not overwrite each other's. */
  get #cookieName(): string {
    return `triplicate_${this.#port}`;
  }
}

function namesOf(host: string): readonly string[] {
  const loopback = ['127.0.0.1', 'localhost', '[::1]'];
  if (loopback.includes(host) || host === '::1') return loopback;
  if (host !== '0.0.0.0' && host !== '::') return [...loopback, host.toLowerCase(), hostname().toLowerCase()];
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return [
    ...loopback,
    hostname().toLowerCase(),
    ...addresses.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
  ];
}

function cookies(header: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    (header ?? '').split(';').map((part): [string, string] => {
      const cut = part.indexOf('=');
      return [part.slice(0, cut).trim(), part.slice(cut + 1).trim()];
    }),
  );
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Kept instead of the secret itself, so that looking it up tells nothing by its time. */
function fingerprint(text: string): string {
  return digest(text).toString('hex');
}
