import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeTree, type TreeNode } from '../../../../main/engine/format/tree.ts';
import { encodeTree } from '../../../../main/engine/format/tree-text.ts';
import { hex, text, toHex } from '../../../support/bytes.ts';

const ID = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
const time = '2024-02-29T12:34:56.12Z';
const times = `"mtime":"${time}","atime":"${time}","ctime":"${time}"`;
const file = `{"name":"hello.txt","type":"file","mode":416,${times},"uid":0,"gid":0,"size":6,"links":1,"content":["${ID}"]}`;
const damaged = expect.objectContaining({ code: 'repo/damaged' });

const tree = (...nodes: readonly string[]): string => `{"nodes":[${nodes.join(',')}]}\n`;
const decode = (json: string): TreeNode[] => decodeTree(text(json));
const encode = (nodes: readonly TreeNode[]): string => Buffer.from(encodeTree(nodes)).toString();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** The one node of a tree whose file node has these fields changed. */
const decodeChanged = (from: string, to: string): TreeNode => decode(tree(file.replace(from, to)))[0] as TreeNode;

describe('a tree', () => {
  it('has the id of the format page', () => {
    const [node] = decode(tree(file));
    expect(sha256(encodeTree([node as TreeNode]))).toBe(
      '14a1f8065de1068d97a4a6a375a14263fba73576a16bbe648ed1ec1fd2ce69fc',
    );
    expect(sha256(encodeTree([]))).toBe('ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8');
  });

  it.each([
    [
      'a directory',
      `{"name":"d","type":"dir","mode":2147484141,${times},"uid":0,"gid":0,"user":"root","group":"root","inode":2,"device_id":64769,"content":null,"subtree":"${ID}"}`,
    ],
    [
      'a symlink',
      `{"name":"l","type":"symlink","mode":134218239,${times},"uid":0,"gid":0,"links":1,"linktarget":"\\u003ca\\"\\n","content":null}`,
    ],
    [
      'a device',
      `{"name":"null","type":"chardev","mode":69206436,${times},"uid":0,"gid":0,"links":1,"device":259,"content":null}`,
    ],
    [
      'attributes',
      `{"name":"x","type":"file","mode":420,${times},"uid":0,"gid":0,"links":1,"extended_attributes":[{"name":"user.a","value":"YQ=="}],"content":[]}`,
    ],
    [
      'numbers above 2^53',
      `{"name":"x","type":"file","mode":420,${times},"uid":4294967295,"gid":0,"inode":18446744073709551615,"device_id":9007199254740993,"content":[]}`,
    ],
    [
      'fields of newer programs',
      `{"name":"x","type":"symlink",${times},"uid":0,"gid":0,"linktarget":"a\\ufffd","linktarget_raw":"Yf8=","generic_attributes":{"a":1},"content":null,"zzz":[1,{"a":"b"}]}`,
    ],
    [
      'other zones',
      `{"name":"x","type":"fifo","mtime":"2024-07-01T02:00:00+02:00","atime":"1969-12-31T23:59:59.999999999Z","ctime":"0001-01-01T00:00:00Z","uid":0,"gid":0,"content":null}`,
    ],
  ])('is rewritten byte for byte: %s', (_what, node) => {
    expect(encode(decode(tree(node)))).toBe(tree(node));
  });

  it('prefers the raw link target where one is stored', () => {
    const [node] = decode(
      tree(`{"name":"x","type":"symlink",${times},"linktarget":"a\ufffd","linktarget_raw":"Yf8=","content":null}`),
    );
    expect(toHex(node?.linkTarget ?? hex(''))).toBe('61ff');
  });

  it('writes invalid bytes of a link target as restic does, the older and the newer way', () => {
    const [node] = decode(tree(`{"name":"x","type":"symlink",${times},"linktarget":"a","content":null}`));
    expect(encode([{ ...(node as TreeNode), linkTarget: hex('61ffe282') }])).toContain(
      String.raw`"linktarget":"a\ufffd\ufffd\ufffd","linktarget_raw":"Yf/igg==","content":null`,
    );
  });

  it('brings back a link target of any bytes', () => {
    const [node] = decode(tree(`{"name":"x","type":"symlink",${times},"linktarget":"a","content":null}`));
    const [back] = decode(encode([{ ...(node as TreeNode), linkTarget: hex('61ffe282') }]));
    expect(toHex(back?.linkTarget ?? hex(''))).toBe('61ffe282');
    expect(encode([back as TreeNode])).toBe(encode([{ ...(node as TreeNode), linkTarget: hex('61ffe282') }]));
  });

  it('is written only when sorted by raw name, without doubles', () => {
    const named = (name: string): TreeNode => decodeChanged('hello.txt', name);
    expect(encode([named(String.raw`a\\\"`), named('aA')])).toContain('aA');
    for (const names of [
      ['aA', String.raw`a\\\"`],
      ['a', 'a'],
      ['b', 'a'],
    ]) {
      expect(() => encodeTree(names.map(named))).toThrow(expect.objectContaining({ code: 'internal' }));
    }
  });

  it('writes times with the local offset when they have no text', () => {
    const instant = { ns: 1_719_792_000_000_000_000n };
    const [node] = decode(tree(file));
    const [back] = decode(encode([{ ...(node as TreeNode), mtime: instant, atime: instant, ctime: instant }]));
    expect([back?.mtime.ns, back?.atime.ns, back?.ctime.ns]).toEqual([instant.ns, instant.ns, instant.ns]);
  });
});

describe('reading a tree that deviates', () => {
  it.each([
    ['no final newline', tree(file).trimEnd()],
    ['pretty printing', JSON.stringify(JSON.parse(tree(file)), null, 2)],
    ['another case of keys', tree(file).replace('"size"', '"SIZE"').replace('"nodes"', '"Nodes"')],
    ['a repeated key', tree(file.replace('"size":6', '"size":7,"size":6'))],
    ['an id in upper case', tree(file.replace(ID, ID.toUpperCase()))],
    ['an unknown field at the top', tree(file).replace('{"nodes"', '{"version":1,"nodes"')],
  ])('accepts %s', (_what, json) => {
    expect(encode(decode(json))).toBe(tree(file));
  });

  it.each(['null', '{}', '{"nodes":null}', '{"nodes":[]}'])('takes %s for an empty directory', (json) => {
    expect(decode(json)).toEqual([]);
  });

  it('sorts what is not sorted', () => {
    const names = decode(tree(file.replace('hello.txt', 'b'), file.replace('hello.txt', 'a'))).map(({ name }) => name);
    expect(names.map((name) => Buffer.from(name).toString())).toEqual(['a', 'b']);
  });

  it('takes null for nothing', () => {
    const node = decodeChanged('"size":6', '"size":null,"user":null,"inode":null,"extended_attributes":null');
    expect(node).toMatchObject({ size: 0, user: '', inode: 0n });
    expect(decodeChanged(`"mtime":"${time}"`, '"mtime":null').mtime.ns).toBe(-62_135_596_800_000_000_000n);
  });

  it.each([
    ['a null node', tree('null')],
    ['a list at the top', '[]'],
    ['a byte order mark', `\ufeff${tree(file)}`],
    ['data after the document', `${tree(file)}x`],
    ['an integer as text', tree(file.replace('"size":6', '"size":"6"'))],
    ['a negative integer', tree(file.replace('"size":6', '"size":-6'))],
    ['a uid above 32 bits', tree(file.replace('"uid":0', '"uid":4294967296'))],
    ['an inode above 64 bits', tree(file.replace('"size":6', '"inode":18446744073709551616'))],
    ['a size above 2^53', tree(file.replace('"size":6', '"size":9007199254740993'))],
    ['a fraction', tree(file.replace('"size":6', '"size":6.5'))],
    ['a file without content', tree(file.replace(`["${ID}"]`, 'null'))],
    ['a null in the content', tree(file.replace(`["${ID}"]`, '[null]'))],
    ['a short id', tree(file.replace(ID, 'abcd'))],
    ['a directory without a tree', tree(file.replace('"file"', '"dir"'))],
    ['an unknown type', tree(file.replace('"file"', '"irregular"'))],
    ['a time in lower case', tree(file.replace(time, time.toLowerCase()))],
    ['the 30th of February', tree(file.replace(time, '2024-02-30T12:34:56Z'))],
    ['an empty time', tree(file.replace(time, ''))],
    ['a raw quote in a name', tree(file.replace('hello.txt', String.raw`a\"`))],
    [
      'an attribute that is not base64',
      tree(file.replace('"size":6', '"extended_attributes":[{"name":"a","value":"YQ"}]')),
    ],
    ['deep nesting', `${'['.repeat(200_000)}1234567890123456789`],
    ['deep nesting beside a big number', `{"a": 12345678901234567,"nodes":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
  ])('refuses %s', (_what, json) => {
    expect(() => decode(json)).toThrow(damaged);
  });
});
