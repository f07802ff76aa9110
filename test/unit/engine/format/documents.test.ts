import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeIndex, encodeIndex } from '../../../../main/engine/format/index-file.ts';
import { conflicts, decodeLock, encodeLock, isStale } from '../../../../main/engine/format/lock.ts';
import { goModeOf, permissionsOf, stModeOf } from '../../../../main/engine/format/mode.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../../main/engine/format/snapshot.ts';
import { decodeUnpacked, encodeUnpacked } from '../../../../main/engine/format/unpacked.ts';
import { compress, decompress } from '../../../../main/engine/format/zstd.ts';
import { hex, text } from '../../../support/bytes.ts';

const A = 'aa'.repeat(32);
const B = 'bb'.repeat(32);
const damaged = expect.objectContaining({ code: 'repo/damaged' });

describe('unpacked files', () => {
  it('are one byte 2 and compressed JSON', () => {
    const plain = encodeUnpacked('{"a":"ä"}');
    expect(plain[0]).toBe(2);
    expect(decodeUnpacked(plain)).toBe('{"a":"ä"}');
  });

  it.each(['{"a":1}', '[1]'])('may be plain as in version 1: %s', (json) => {
    expect(decodeUnpacked(text(json))).toBe(json);
  });

  it.each(['', ' {}', '\u0001{}', '\u0002', '\u0002junk'])('are refused: %j', (plain) => {
    expect(() => decodeUnpacked(text(plain))).toThrow(damaged);
  });

  it('cannot blow up the memory', () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 << 20));
    expect(() => decodeUnpacked(Buffer.concat([Uint8Array.of(2), bomb]))).toThrow(damaged);
  });
});

describe('zstd', () => {
  it.each([0, 1, 1000, 200_000])('gives back %i bytes', (length) => {
    const plain = randomBytes(length);
    expect(Buffer.compare(decompress(compress(plain), length), plain)).toBe(0);
    expect(Buffer.compare(decompress(compress(plain, 9), length), plain)).toBe(0);
  });

  it('demands the exact length', () => {
    const plain = Buffer.alloc(1000, 'abc');
    for (const wrong of [0, 1, 999, 1001]) expect(() => decompress(compress(plain), wrong)).toThrow(damaged);
  });

  it('makes no room for a length that the bytes cannot hold', () => {
    const frame = compress(Buffer.alloc(1000, 'abc'));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decompress(frame, 2 ** 32 - 1)).toThrow(damaged);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    const zeros = Buffer.alloc(64 * 1024 * 1024);
    expect(decompress(compress(zeros), zeros.length).length).toBe(zeros.length);
  });

  it('reads several frames, with checksums too, and refuses what is cut off or followed by junk', () => {
    const checked = zstdCompressSync(text('one'), { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const frames = Buffer.concat([checked, compress(text('two'))]);
    expect(Buffer.from(decompress(frames, 6)).toString()).toBe('onetwo');
    const skippable = hex('5e2a4d180300000000ffff');
    expect(Buffer.from(decompress(Buffer.concat([skippable, frames, skippable]), 6)).toString()).toBe('onetwo');
    for (const wrong of [0, 3, 5, 7]) expect(() => decompress(frames, wrong)).toThrow(damaged);
    expect(() => decompress(checked.subarray(0, -1), 3)).toThrow(damaged);
    expect(() => decompress(Buffer.concat([checked, text('junk')]), 3)).toThrow(damaged);
  });
});

describe('an index file', () => {
  const json = `{"supersedes":["${B}"],"packs":[{"id":"${A}","blobs":[{"id":"${B}","type":"data","offset":0,"length":47,"uncompressed_length":6},{"id":"${A}","type":"tree","offset":47,"length":50}]}]}\n`;

  it('is rewritten byte for byte', () => {
    const { packs, supersedes } = decodeIndex(json);
    expect(encodeIndex(packs, supersedes).toString()).toBe(json);
    expect(encodeIndex([]).toString()).toBe('{"packs":[]}\n');
  });

  it.each([
    ['ids in upper case', json.replaceAll(A, A.toUpperCase())],
    ['keys in another case', json.replace('"offset"', '"Offset"')],
    ['unknown fields', json.replace('"offset":0', '"offset":0,"more":{}')],
    ['an uncompressed length of 0', json.replace('"length":50', '"length":50,"uncompressed_length":0')],
  ])('is read with %s', (_what, text) => {
    expect(decodeIndex(text)).toEqual(decodeIndex(json));
  });

  it('may be the older list of packs, or empty', () => {
    const { packs } = decodeIndex(json);
    expect(decodeIndex(json.slice(json.indexOf('['), -2).replace(`["${B}"],"packs":`, ''))).toEqual({
      packs,
      supersedes: [],
    });
    for (const empty of ['{}', '{"packs":null}', '[]', 'null']) expect(decodeIndex(empty).packs).toEqual([]);
    expect(decodeIndex(`{"packs":[{"id":"${A}","blobs":null}]}`).packs).toEqual([{ id: A, blobs: [] }]);
  });

  it.each([
    ['an unknown type', json.replace('"tree"', '"other"')],
    ['no type', json.replace('"type":"tree",', '')],
    ['a negative length', json.replace('"length":47', '"length":-47')],
    ['a length above 32 bits', json.replace('"length":47', '"length":4294967296')],
    ['a bad id', json.replaceAll(B, 'b')],
    ['a null pack', '{"packs":[null]}'],
    ['text after the document', `${json}{}`],
  ])('is refused with %s', (_what, text) => {
    expect(() => decodeIndex(text)).toThrow(damaged);
  });
});

describe('a snapshot', () => {
  const json = `{"time":"2026-11-23T05:17:07.713572301+01:00","parent":"${B}","tree":"${A}","paths":["/src\\u0026"],"hostname":"vm","username":"root","uid":1000,"gid":100,"excludes":["*.nope"],"tags":["t1"],"original":"${B}","program_version":"restic 0.18.0","summary":{"files_new":1},"later":[null]}`;

  it('is rewritten byte for byte, with fields of newer programs', () => {
    expect(encodeSnapshot(decodeSnapshot(json))).toBe(json);
  });

  it('leaves out what is empty', () => {
    const bare = `{"time":"2026-11-23T05:17:07Z","tree":"${A}","paths":["/src"]}`;
    const snapshot = decodeSnapshot(bare);
    expect(encodeSnapshot({ ...snapshot, uid: 0, gid: 0, tags: [], username: '' })).toBe(bare);
    expect(decodeSnapshot(bare.replace('["/src"]', 'null')).paths).toEqual([]);
    expect(decodeSnapshot(bare.replace('{', '{"parent":null,')).parent).toBeUndefined();
  });

  it.each([
    ['no tree', json.replace(`"tree":"${A}",`, '')],
    ['an empty id', json.replace(`"parent":"${B}"`, '"parent":""')],
    ['no time', json.replace(/"time":"[^"]*",/, '')],
    ['a bad time', json.replace('T05', 'x05')],
    ['a negative uid', json.replace('"uid":1000', '"uid":-1')],
    ['a path that is a number', json.replace('"/src\\u0026"', '7')],
  ])('is refused with %s', (_what, text) => {
    expect(() => decodeSnapshot(text)).toThrow(damaged);
  });
});

describe('a lock', () => {
  const json =
    '{"time":"2026-11-23T05:17:07.5Z","exclusive":true,"hostname":"vm","username":"root","pid":18901,"uid":5,"gid":6}';
  const lock = decodeLock(json);
  const minute = 60_000_000_000n;

  it('is written as restic writes it', () => {
    expect(encodeLock(lock)).toBe(json);
    expect(encodeLock({ ...lock, exclusive: false, uid: 0, gid: 0 })).toBe(
      '{"time":"2026-11-23T05:17:07.5Z","exclusive":false,"hostname":"vm","username":"root","pid":18901}',
    );
  });

  it('is stale after half an hour, or when its process of this machine is gone', () => {
    const gone = { hostname: 'vm', processExists: () => false };
    const alive = { hostname: 'vm', processExists: (pid: number) => pid === 18901 };
    const elsewhere = { hostname: 'other', processExists: () => false };
    const now = lock.time.ns + 29n * minute;
    expect(isStale(lock, now, alive)).toBe(false);
    expect(isStale(lock, now, elsewhere)).toBe(false);
    expect(isStale(lock, now, gone)).toBe(true);
    expect(isStale(lock, lock.time.ns + 31n * minute, alive)).toBe(true);
    expect(isStale({ ...lock, pid: 0 }, now, gone)).toBe(false);
  });

  it('of another machine of the same name is not judged by its process', () => {
    const now = lock.time.ns;
    const judge = { hostname: 'vm', processExists: () => false };
    const ours = decodeLock(encodeLock({ ...lock, machine: 'one' }));
    expect(ours).toEqual({ ...lock, machine: 'one' });
    expect(isStale(ours, now, { ...judge, machine: 'one' })).toBe(true);
    expect(isStale(ours, now, { ...judge, machine: 'two' })).toBe(false);
    expect(isStale(ours, now, judge)).toBe(false);
    expect(isStale(ours, now + 31n * minute, judge)).toBe(true);
  });

  it('of restic, which names no machine, is not taken for dead by its process before it has missed a renewal', () => {
    const judge = { hostname: 'vm', processExists: () => false, machine: 'one' };
    expect(isStale(lock, lock.time.ns, judge)).toBe(false);
    expect(isStale(lock, lock.time.ns + 9n * minute, judge)).toBe(false);
    expect(isStale(lock, lock.time.ns + 11n * minute, judge)).toBe(true);
    expect(isStale(lock, lock.time.ns + 11n * minute, { ...judge, processExists: () => true })).toBe(false);
  });

  it('stands in the way of everything when exclusive, of exclusive work when shared', () => {
    const shared = { ...lock, exclusive: false };
    expect(conflicts('shared', [])).toBe(false);
    expect(conflicts('shared', [shared])).toBe(false);
    expect(conflicts('shared', [shared, lock])).toBe(true);
    expect(conflicts('exclusive', [shared])).toBe(true);
    expect(conflicts('exclusive', [])).toBe(false);
  });

  it.each(['', 'null', '{}', json.replace('true', '1')])('is refused: %s', (text) => {
    expect(() => decodeLock(text)).toThrow(damaged);
  });
});

it.each([
  [0o040755, 2147484141],
  [0o041777, 2148532735],
  [0o042775, 2151678461],
  [0o100644, 420],
  [0o104755, 8389101],
  [0o120777, 134218239],
  [0o010644, 33554852],
  [0o060644, 67109284],
  [0o020644, 69206436],
  [0o140755, 2 ** 24 + 0o755],
])('st_mode %i is Go mode %i and back', (stMode, goMode) => {
  expect(goModeOf(stMode)).toBe(goMode);
  expect(stModeOf(goMode)).toBe(stMode);
  expect(permissionsOf(goMode)).toBe(stMode % 0o10000);
});
