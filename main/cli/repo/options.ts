import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../engine/engine.ts';
import { toWire } from '../../engine/errors.ts';

/** A command on a location, with the options that all of them have. */
export function add(repo: Command, name: string, description: string, more = ''): Command {
  return repo
    .command(`${name} <location>${more === '' ? '' : ` ${more}`}`)
    .description(description)
    .option('--password-file <file>', 'read the passphrase from a file instead of TRIPLICATE_PASSWORD')
    .option('--limit-upload <KiB/s>', 'upload no faster than this', rate)
    .option('--limit-download <KiB/s>', 'download no faster than this', rate)
    .option('--json', 'print JSON: one document, or one line an event');
}

function rate(text: string): number {
  const number = count(text);
  if (number < 0) throw new InvalidArgumentError('It must be a number of KiB a second; 0 is no limit.');
  return number;
}

export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** As `collect`, of words that choose: an empty one must not choose everything. */
export function collectText(value: string, previous: readonly string[]): readonly string[] {
  return collect(someText(value), previous);
}

/** An empty word is a variable that was not set: it must not mean the folder where the person happens to be. */
export function someText(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

export function count(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < -1)
    throw new InvalidArgumentError('It must be a whole number.');
  return number;
}

export function duration(text: string): ReturnType<typeof parseDuration> {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(toWire(error).hint);
  }
}

export function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(text);
  if (!match) throw new InvalidArgumentError('Write a size as 500K, 10M or 2G.');
  return Math.floor(Number(match[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase()));
}

export function subset(text: string): { readonly part: number; readonly of: number } {
  const [part = 0, of = 0] = text.split('/').map(Number);
  if (!(Number.isInteger(part) && Number.isInteger(of) && part >= 1 && of >= part && of <= 256)) {
    throw new InvalidArgumentError('Write it as 1/5: the first of five parts (at most 256).');
  }
  return { part, of };
}
