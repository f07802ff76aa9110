import { describe, expect, it } from 'vitest';
import { jsonString, jsonStringOfBytes } from '../../../../main/engine/format/json-text.ts';
import { quoteName, unquoteName } from '../../../../main/engine/format/name.ts';
import { isPrintable } from '../../../../main/engine/format/printable.ts';
import { hex, text, toHex } from '../../../support/bytes.ts';

describe('names in a tree', () => {
  it.each([
    [text('plain.txt'), '"plain.txt"'],
    [text('a"'), String.raw`"a\\\""`],
    [text('a\\b'), String.raw`"a\\\\b"`],
    [text('nl\nx'), String.raw`"nl\\nx"`],
    [text('\u2028\u2029'), String.raw`"\\u2028\\u2029"`],
    [hex('61ff'), String.raw`"a\\xff"`],
    [text('<&>'), String.raw`"\u003c\u0026\u003e"`],
    [text('é'), '"é"'],
    [text('e\u0301'), '"e\u0301"'],
    [text('\u{10ffff}'), String.raw`"\\U0010ffff"`],
    [hex('07080c0a0d090b'), String.raw`"\\a\\b\\f\\n\\r\\t\\v"`],
    [hex('001b7f'), String.raw`"\\x00\\x1b\\x7f"`],
    [hex('eda080'), String.raw`"\\xed\\xa0\\x80"`],
    [hex('c080'), String.raw`"\\xc0\\x80"`],
    [text("it's"), `"it's"`],
    [text('\ufffd'), '"\ufffd"'],
    [text('\u00a0\u200b\ufeff\ue000'), String.raw`"\\u00a0\\u200b\\ufeff\\ue000"`],
    [text('\u061d'), String.raw`"\\u061d"`],
    [text('日本語😀'), '"日本語😀"'],
  ])('%s stands as %s', (raw, json) => {
    expect(jsonString(quoteName(raw))).toBe(json);
    expect(toHex(unquoteName(JSON.parse(json)))).toBe(toHex(raw));
  });

  it('may be spelled with octal and needless escapes', () => {
    expect(toHex(unquoteName(String.raw`\101\x42\u0043\U00000044`))).toBe(toHex(text('ABCD')));
  });

  it.each(['"', 'a\nb', '\\', 'a\\', String.raw`\'`, String.raw`\q`, String.raw`\ud800`, String.raw`\U00110000`])(
    'are refused where restic refuses them: %j',
    (name) => {
      expect(() => unquoteName(name)).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
    },
  );

  it.each([String.raw`\x4`, String.raw`\xgg`, String.raw`\777`, String.raw`\10`, String.raw`\u12`])(
    'are refused with the broken escape %s',
    (name) => {
      expect(() => unquoteName(name)).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
    },
  );
});

describe('JSON text', () => {
  it('escapes as Go does', () => {
    expect(jsonString('"\\\n\r\t\b\f\u0000\u001f\u007f<>&\u2028\u2029é😀/')).toBe(
      `${String.raw`"\"\\\n\r\t\u0008\u000c\u0000\u001f`}\u007f${String.raw`\u003c\u003e\u0026\u2028\u2029`}é😀/"`,
    );
  });

  it('writes one replacement for each invalid byte and leaves a genuine one alone', () => {
    expect(jsonStringOfBytes(Buffer.concat([text('a\ufffd'), hex('ffe282'), text('b')]))).toBe(
      `"a\ufffd${String.raw`\ufffd\ufffd\ufffd`}b"`,
    );
    expect(jsonString('\ud800')).toBe(String.raw`"\ufffd"`);
  });
});

it('counts as printable what Unicode 13 does', () => {
  let printable = 0;
  for (let code = 0; code <= 0x10ffff; code++) {
    if ((code < 0xd800 || code > 0xdfff) && isPrintable(code)) printable++;
  }
  // The graphic characters of Unicode 13.0 (its announcement counts 143 696), of 17 blanks only the ASCII one.
  expect(printable).toBe(143_696 - 17 + 1);
});
