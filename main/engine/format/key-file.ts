import { type ScryptOptions, scrypt as scryptWithCallback } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '../clock.ts';
import { hasCode, TriplicateError } from '../errors.ts';
import { clampR, type Key, open, seal } from './crypto.ts';
import { JsonObject, parseJson } from './json-document.ts';
import { jsonString } from './json-text.ts';

/** N: a power of two, memory 128·N·r bytes; time N·r·p (RFC 7914). */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** What restic calibrates itself to on an ordinary machine: 32 MiB, about a third of a second. */
export const DEFAULT_SCRYPT: ScryptCost = { N: 32768, r: 8, p: 5 };

const SALT_BYTES = 64;
/** A hostile key file must neither take all memory nor all time. restic's own files need 32 to 64 MiB. */
const MAX_SCRYPT_BYTES = 1024 ** 3;
const MAX_SCRYPT_WORK = 2 ** 27;
/** Twice what restic's own files take. */
const MOST_AHEAD = 2 ** 22;
const KEY_BYTES = 64;

export interface KeyFile extends ScryptCost {
  readonly created?: string;
  readonly hostname?: string;
  readonly username?: string;
  /** 64 bytes. */
  readonly salt: Uint8Array;
  /** The master key, sealed under the key that the passphrase gives. */
  readonly data: Uint8Array;
}

export interface CreateKeyFile {
  readonly passphrase: string | Uint8Array;
  readonly masterKey: Key;
  readonly params: ScryptCost;
  /** RFC 3339. */
  readonly created: string;
  readonly hostname: string;
  readonly username: string;
  readonly random: Random;
}

/** The bytes of a key file, which is stored unsealed under its SHA-256. */
export async function createKeyFile(options: CreateKeyFile): Promise<Uint8Array<ArrayBuffer>> {
  const { params, masterKey, random } = options;
  const salt = random(SALT_BYTES);
  const userKey = await deriveKey(options.passphrase, { ...params, salt });
  const data = seal(userKey, random(16), Buffer.from(masterKeyJson(masterKey)));
  return Buffer.from(
    `{"created":${jsonString(options.created)},"username":${jsonString(options.username)}` +
      `,"hostname":${jsonString(options.hostname)},"kdf":"scrypt","N":${params.N},"r":${params.r},"p":${params.p}` +
      `,"salt":"${base64(salt)}","data":"${base64(data)}"}`,
  );
}

/** @throws `repo/damaged` when it is not a key file that restic would read, or asks for absurd work */
export function parseKeyFile(bytes: Uint8Array): KeyFile {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const fields = new JsonObject(parseJson(text, 'key file'), 'key file');
  if (fields.text('kdf') !== 'scrypt') throw fields.damaged('does not use scrypt');
  const salt = fields.bytes('salt');
  if (salt?.length !== SALT_BYTES) throw fields.damaged('has no salt of 64 bytes');
  const data = fields.bytes('data');
  if (!data) throw fields.missing('data');
  const params = { N: fields.count('N') ?? 0, r: fields.count('r') ?? 0, p: fields.count('p') ?? 0 };
  checkParams(params);
  const optional = (name: 'created' | 'hostname' | 'username'): object => {
    const value = fields.text(name);
    return value === undefined ? {} : { [name]: value };
  };
  return { ...params, salt, data, ...optional('created'), ...optional('hostname'), ...optional('username') };
}

/** The master key. @throws `repo/wrong-passphrase`, `repo/damaged` */
export async function openKeyFile(bytes: Uint8Array, passphrase: string | Uint8Array): Promise<Key> {
  const file = parseKeyFile(bytes);
  const userKey = await deriveKey(passphrase, file);
  return parseMasterKey(openWith(userKey, file.data));
}

/**
 * Begins to derive the key for a key file that will be opened soon: that takes longer than the rest of a small command.
 * `openKeyFile` takes what was begun, if the first that it opens is just this file with just this passphrase. A file that asks
 * for much more than the usual work waits until then. @throws `repo/damaged`
 */
export function beginKey(bytes: Uint8Array, passphrase: string): void {
  const { salt, N, r, p } = parseKeyFile(bytes);
  if (N * r * p > MOST_AHEAD) return;
  // Not in line: whoever turns out to need another key is not to wait for this one.
  const derived = scryptOfNode(passphrase, salt, KEY_BYTES, scryptOptions({ N, r, p }));
  derived.catch(() => undefined);
  begun = { passphrase, salt, cost: { N, r, p }, derived };
}

/** The key that a passphrase gives: its exact bytes, without Unicode normalisation. @throws `repo/damaged` */
export async function deriveKey(
  passphrase: string | Uint8Array,
  params: ScryptCost & { readonly salt: Uint8Array },
): Promise<Key> {
  checkParams(params);
  const bytes = await (takeBegun(passphrase, params) ?? scrypt(passphrase, params.salt, params));
  return keyOf(bytes.subarray(0, 32), bytes.subarray(32, 48), bytes.subarray(48, 64));
}

let begun:
  | {
      readonly passphrase: string;
      readonly salt: Uint8Array;
      readonly cost: ScryptCost;
      readonly derived: Promise<Buffer>;
    }
  | undefined;

/** Gone with the first question, as it holds a key. */
function takeBegun(
  passphrase: string | Uint8Array,
  { salt, N, r, p }: ScryptCost & { readonly salt: Uint8Array },
): Promise<Buffer> | undefined {
  const found = begun;
  begun = undefined;
  if (found?.passphrase !== passphrase || Buffer.compare(found.salt, salt) !== 0) return undefined;
  const { cost, derived } = found;
  return cost.N === N && cost.r === r && cost.p === p ? derived : undefined;
}

/**
 * 64 bytes, in a thread of Node's pool. One at a time: each takes 32 MiB and more, and there are few threads, which read
 * files too.
 */
function scrypt(passphrase: string | Uint8Array, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const bytes = ahead.then(() => scryptOfNode(passphrase, salt, KEY_BYTES, scryptOptions(cost)));
  ahead = bytes.catch(() => undefined);
  return bytes;
}

function scryptOptions({ N, r, p }: ScryptCost): ScryptOptions {
  return { N, r, p, maxmem: 128 * r * (N + p + 2) + 1024 };
}

let ahead: Promise<unknown> = Promise.resolve();
const scryptOfNode = promisify<string | Uint8Array, Uint8Array, number, ScryptOptions, Buffer>(scryptWithCallback);

/** A fresh master key. */
export function generateMasterKey(random: Random): Key {
  return keyOf(random(32), random(16), random(16));
}

function keyOf(encrypt: Uint8Array, macK: Uint8Array, macR: Uint8Array): Key {
  const clamped = Uint8Array.from(macR);
  clampR(clamped);
  return { encrypt: Uint8Array.from(encrypt), macK: Uint8Array.from(macK), macR: clamped };
}

function openWith(userKey: Key, data: Uint8Array): Uint8Array {
  if (data.length < 32) throw new TriplicateError('repo/damaged', 'A key file is damaged: it is too short.');
  try {
    return open(userKey, data);
  } catch (error) {
    if (!hasCode(error, 'repo/damaged')) throw error;
    throw new TriplicateError('repo/wrong-passphrase', 'The passphrase does not open this key.');
  }
}

function parseMasterKey(plain: Uint8Array): Key {
  const text = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString('utf8');
  const fields = new JsonObject(parseJson(text, 'master key'), 'master key');
  const mac = new JsonObject(fields.raw('mac'), 'master key');
  const [encrypt, k, r] = [fields.bytes('encrypt'), mac.bytes('k'), mac.bytes('r')];
  if (encrypt?.length !== 32 || k?.length !== 16 || r?.length !== 16) throw fields.damaged('has keys of wrong length');
  return keyOf(encrypt, k, r);
}

function masterKeyJson(key: Key): string {
  return `{"mac":{"k":"${base64(key.macK)}","r":"${base64(key.macR)}"},"encrypt":"${base64(key.encrypt)}"}`;
}

function checkParams({ N, r, p }: ScryptCost): void {
  const whole = [N, r, p].every((number) => Number.isSafeInteger(number) && number >= 1);
  const powerOfTwo = N > 1 && Number.isInteger(Math.log2(N));
  if (!whole || !powerOfTwo) throw new TriplicateError('repo/damaged', 'A key file has impossible scrypt parameters.');
  if (128 * r * Math.max(N, p) > MAX_SCRYPT_BYTES || N * r * p > MAX_SCRYPT_WORK) {
    throw new TriplicateError('repo/damaged', 'A key file asks for an absurd amount of work.', { data: { N, r, p } });
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
