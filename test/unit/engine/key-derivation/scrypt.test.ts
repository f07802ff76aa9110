import { scryptSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LaneMixer } from '../../../../main/engine/key-derivation/lane.ts';
import { type ScryptCost, scrypt, scryptOnThreads } from '../../../../main/engine/key-derivation/scrypt.ts';
import { counting, text, toHex } from '../../../support/bytes.ts';

function byNode(passphrase: string, salt: Uint8Array, length: number, cost: ScryptCost): string {
  return toHex(scryptSync(passphrase, salt, length, { ...cost, maxmem: 2 ** 30 }));
}

describe('scrypt on threads', () => {
  it('gives the vector of RFC 7914, section 12', async () => {
    const bytes = await scryptOnThreads('password', text('NaCl'), 64, { N: 1024, r: 8, p: 16 });
    expect(toHex(bytes ?? new Uint8Array())).toBe(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162' +
        '2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    );
  });

  it('gives what Node gives, for any cost', async () => {
    const cost = fc.record({
      N: fc.integer({ min: 2, max: 9 }).map((power) => 2 ** power),
      r: fc.integer({ min: 1, max: 20 }),
      p: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.uint8Array(), cost, async (passphrase, salt, tried) => {
        const bytes = await scryptOnThreads(passphrase, salt, 64, tried);
        expect(toHex(bytes ?? new Uint8Array())).toBe(byNode(passphrase, salt, 64, tried));
      }),
      { numRuns: 20 },
    );
  });

  it('gives what Node gives at the cost of a real key', async () => {
    const cost = { N: 32768, r: 8, p: 3 };
    expect(toHex(await scrypt('secret', counting(0, 64), 64, cost))).toBe(byNode('secret', counting(0, 64), 64, cost));
  });

  it('gives each its own when several are asked for at once', async () => {
    const cost = { N: 16384, r: 8, p: 4 };
    const words = ['one', 'two', 'three'];
    const keys = await Promise.all(words.map((word) => scrypt(word, counting(0, 64), 64, cost)));
    expect(keys.map(toHex)).toEqual(words.map((word) => byNode(word, counting(0, 64), 64, cost)));
  });

  it('leaves to Node what asks for more memory than there can be', async () => {
    expect(await scryptOnThreads('secret', counting(0, 64), 64, { N: 2 ** 26, r: 8, p: 2 })).toBeUndefined();
  });
});

describe('mixing a lane', () => {
  it('gives the vector of RFC 7914, section 10', () => {
    const lane = Uint8Array.from(
      Buffer.from(
        'f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad89f68f4811d1e87bcc3bd7400a9ffd29' +
          '094f0184639574f39ae5a1315217bcd7894991447213bb226c25b54da86370fbcd984380374666bb8ffcb5bf40c254b0' +
          '67d27c51ce4ad5fed829c90b505a571b7f4d1cad6a523cda770e67bceaaf7e89',
        'hex',
      ),
    );
    const mixer = new LaneMixer({ N: 16, r: 1 });
    for (const _ of mixer.mix(lane));
    expect(toHex(lane)).toBe(
      '79ccc193629debca047f0b70604bf6b62ce3dd4a9626e355fafc6198e6ea2b46d58413673b99b029d665c357601fb426' +
        'a0b2f4bba200ee9f0a43d19b571a9c71ef1142e65d5a266fddca832ce59faa7cac0b9cf1be2bffca300d01ee387619c4' +
        'ae12fd4438f203a0e4e1c47ec314861f4e9087cb33396a6873e8f9d2539a4b8e',
    );
  });

  it('gives control back often, so that nothing else waits', () => {
    const lane = counting(0, 1024);
    const steps = [...new LaneMixer({ N: 32768, r: 8 }).mix(lane)];
    expect(steps.length).toBeGreaterThanOrEqual(64);
  });
});
