import { createCipheriv } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Seeded data sets: the same bytes on every machine. */

export interface DataSet {
  readonly name: string;
  readonly make: (root: string, scale: number) => void;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const WORDS =
  'the of snapshot blob pack index tree restore copy folder disk cloud return const import value error'.split(' ');

/** Text that compresses about as program and document files do. */
function text(random: () => number, bytes: number): Buffer {
  const parts: string[] = [];
  for (let length = 0; length < bytes; ) {
    const word =
      random() < 0.25 ? random().toString(36).slice(2, 10) : (WORDS[Math.floor(random() * WORDS.length)] ?? '');
    parts.push(word);
    length += word.length + 1;
  }
  return Buffer.from(parts.join(' ').slice(0, bytes));
}

/** Bytes that do not compress, as media files are. */
export function noise(seed: number, bytes: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32LE(seed);
  return createCipheriv('aes-256-ctr', Buffer.alloc(32, 7), iv).update(Buffer.alloc(bytes));
}

/** About 200,000 files of 0.2 to 4 kB in 2,000 folders at scale 1. */
export const smallFiles: DataSet = {
  name: 'small files',
  make(root, scale) {
    const random = seeded(1);
    for (let folder = 0; folder < 2000 * scale; folder++) {
      const path = join(root, `group ${folder % 20}`, `folder ${folder}`);
      mkdirSync(path, { recursive: true });
      for (let file = 0; file < 100; file++) {
        writeFileSync(join(path, `file ${file}.txt`), text(random, 200 + Math.floor(random() * 3800)));
      }
    }
  },
};

/** About 1.6 GiB in 18,000 files at scale 1: sources and documents, libraries, media. */
export const mixedTree: DataSet = {
  name: 'mixed tree',
  make(root, scale) {
    const random = seeded(2);
    for (let folder = 0; folder < 180 * scale; folder++) {
      const path = join(root, `project ${folder}`);
      mkdirSync(path, { recursive: true });
      for (let file = 0; file < 98; file++)
        writeFileSync(join(path, `source ${file}.ts`), text(random, Math.floor(random() * 60_000)));
      writeFileSync(join(path, 'library.so'), text(random, 1_500_000 + Math.floor(random() * 2_000_000)));
      writeFileSync(join(path, 'picture.jpg'), noise(folder, 2_000_000 + Math.floor(random() * 5_000_000)));
    }
  },
};
