import { randomBytes, scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { clampR, open, seal } from '../../../../main/engine/format/crypto.ts';
import {
  createKeyFile,
  deriveKey,
  generateMasterKey,
  openKeyFile,
  parseKeyFile,
} from '../../../../main/engine/format/key-file.ts';
import { counting, hex, text, toHex } from '../../../support/bytes.ts';

const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
const params = { N: 1024, r: 8, p: 1 };

function make(passphrase: string, masterKey = generateMasterKey(random)): Promise<Uint8Array> {
  const created = '2026-11-23T05:17:07.223120485Z';
  return createKeyFile({ passphrase, masterKey, params, created, hostname: 'vm', username: 'root', random });
}

function changed(file: Uint8Array, change: Record<string, unknown>): Uint8Array {
  return text(JSON.stringify({ ...JSON.parse(Buffer.from(file).toString()), ...change }));
}

describe('deriving a key', () => {
  it('gives the keys of the format page', async () => {
    const key = await deriveKey('password', { ...params, salt: counting(0, 64) });
    expect(toHex(key.encrypt)).toBe('c7af42d2c83bfd1ab122f3251dc9a9bf91d4247dd5fb1c8bbc1067211c5e862a');
    expect(toHex(key.macK)).toBe('013e3532ca9753c35e8d620ff8884067');
    const r = hex('51bbbf997ddb0097c57fce51c97a6aaa');
    clampR(r);
    expect(toHex(key.macR)).toBe(toHex(r));
  });

  it('gives each its own key when several are asked for at once, also beside one that is refused', async () => {
    const salt = counting(0, 64);
    const words = ['one', 'two', 'three'];
    const refused = expect(deriveKey('none', { N: 1000, r: 8, p: 1, salt })).rejects.toMatchObject({
      code: 'repo/damaged',
    });
    const keys = await Promise.all(words.map((word) => deriveKey(word, { ...params, salt })));
    await refused;
    const bytes = words.map((word) => scryptSync(word, salt, 64, { ...params, maxmem: 2 ** 26 }));
    expect(keys.map(({ encrypt }) => toHex(encrypt))).toEqual(bytes.map((one) => toHex(one.subarray(0, 32))));
  });

  it('takes the passphrase as it is, without Unicode normalisation', async () => {
    const salt = counting(0, 64);
    const composed = await deriveKey('\u00e4', { ...params, salt });
    const decomposed = await deriveKey('a\u0308', { ...params, salt });
    expect(toHex(composed.encrypt)).not.toBe(toHex(decomposed.encrypt));
  });
});

describe('a key file', () => {
  it('gives back the master key for its passphrase', async () => {
    const masterKey = generateMasterKey(random);
    const key = await openKeyFile(await make('secret', masterKey), 'secret');
    const plain = text('content');
    expect(open(key, seal(masterKey, random(16), plain))).toEqual(Buffer.from(plain));
  });

  it('holds a clamped r, which restic stores so', () => {
    const { macR } = generateMasterKey(() => new Uint8Array(32).fill(0xff));
    const clamped = Uint8Array.from(macR);
    clampR(clamped);
    expect(macR).toEqual(clamped);
  });

  it('tells a wrong passphrase from damage', async () => {
    const file = await make('secret');
    await expect(openKeyFile(file, 'Secret')).rejects.toMatchObject({ code: 'repo/wrong-passphrase' });
    await expect(openKeyFile(file.subarray(1), 'secret')).rejects.toMatchObject({ code: 'repo/damaged' });
    await expect(openKeyFile(changed(file, { data: 'AAAA' }), 'secret')).rejects.toMatchObject({
      code: 'repo/damaged',
    });
  });

  it.each([
    { kdf: 'argon2' },
    { salt: 'AAAA' },
    { salt: '%%%%' },
    { N: 1000 },
    { N: 1 },
    { N: 2 ** 40 },
    { N: 32768, r: 2 ** 30 },
    { p: 2 ** 30 },
    { p: 0 },
    { r: '8' },
    { data: null },
  ])('is refused with %j', async (change) => {
    const file = await make('secret');
    expect(() => parseKeyFile(changed(file, change))).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
  });

  it('may lack what is only for people', async () => {
    const file = await make('secret');
    const bare = parseKeyFile(changed(file, { created: undefined, hostname: null, username: undefined, extra: 1 }));
    expect(bare).toMatchObject(params);
    expect(bare).not.toHaveProperty('hostname');
  });
});
