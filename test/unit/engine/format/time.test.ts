import { describe, expect, it } from 'vitest';
import {
  formatLocalTime,
  formatTime,
  localOffsetMinutes,
  parseTime,
  sameInstant,
  timestampOf,
} from '../../../../main/engine/format/time.ts';

const SECOND = 1_000_000_000n;

describe('times', () => {
  it.each([
    [0n, 0, '1970-01-01T00:00:00Z'],
    [1_709_210_096_120_000_000n, 0, '2024-02-29T12:34:56.12Z'],
    [1_709_210_096_120_000_000n, 60, '2024-02-29T13:34:56.12+01:00'],
    [1_709_210_096_000_000_001n, -570, '2024-02-29T03:04:56.000000001-09:30'],
    [-1n, 0, '1969-12-31T23:59:59.999999999Z'],
    [-62_167_219_200n * SECOND, 0, '0000-01-01T00:00:00Z'],
    [253_402_300_799_999_999_999n, 0, '9999-12-31T23:59:59.999999999Z'],
    [1_709_164_800_000_000_000n, 345, '2024-02-29T05:45:00+05:45'],
  ])('%i with offset %i is %s', (ns, offset, text) => {
    expect(formatTime(ns, offset)).toBe(text);
    expect(parseTime(text)).toBe(ns);
  });

  it('outside years 0000 to 9999 become the nearest that can be written', () => {
    expect(formatTime(253_402_300_800n * SECOND, 0)).toBe('9999-12-31T23:59:59.999999999Z');
    expect(formatTime(253_402_300_799n * SECOND, 60)).toBe('9999-12-31T23:59:59.999999999+01:00');
    expect(formatTime(-62_167_219_200n * SECOND - 1n, 0)).toBe('0000-01-01T00:00:00Z');
    expect(timestampOf(formatLocalTime(2n ** 80n)).ns).toBeGreaterThan(253_402_200_000n * SECOND);
  });

  it.each([
    ['2024-01-01T00:00:00.1234567899Z', 1_704_067_200_123_456_789n],
    ['2024-01-01T00:00:00.100Z', 1_704_067_200_100_000_000n],
    ['2024-01-01T00:00:00,5Z', 1_704_067_200_500_000_000n],
    ['2024-01-01T1:00:00Z', 1_704_070_800_000_000_000n],
    ['2024-01-01T00:00:00-00:00', 1_704_067_200_000_000_000n],
    ['2024-01-02T00:00:00+24:00', 1_704_067_200_000_000_000n],
  ])('are read tolerantly: %s', (text, ns) => {
    expect(timestampOf(text).ns).toBe(ns);
  });

  it.each([
    '2024-01-01t00:00:00Z',
    '2024-01-01T00:00:00z',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00+0100',
    '2024-01-01T00:00:60Z',
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:00+25:00',
    '2024-01-01T00:00:00+01:60',
    '2024-01-01T00:00:00.Z',
    '10000-01-01T00:00:00Z',
    '-001-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z\n',
    '',
  ])('are refused: %j', (text) => {
    expect(() => timestampOf(text)).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
  });

  it('are the same in every zone', () => {
    expect(sameInstant(timestampOf('2024-01-01T00:00:00Z'), timestampOf('2024-01-01T01:00:00+01:00'))).toBe(true);
    expect(sameInstant({ ns: 1n }, timestampOf('1970-01-01T00:00:00.000000001Z'))).toBe(true);
    expect(sameInstant({ ns: 2n }, timestampOf('1970-01-01T00:00:00.000000001Z'))).toBe(false);
  });

  it('carry the local offset of their own instant', () => {
    for (const text of [
      '2024-01-15T12:00:00Z',
      '2024-07-15T12:00:00Z',
      '2024-03-31T00:59:59.9Z',
      '2024-03-31T01:00:00Z',
    ]) {
      const ns = parseTime(text);
      const offset = -new Date(Number(ns / 1_000_000n)).getTimezoneOffset();
      expect(localOffsetMinutes(ns)).toBe(offset + 0);
      expect(parseTime(formatLocalTime(ns))).toBe(ns);
    }
  });
});
