import { randomBytes } from 'node:crypto';
import { TriplicateError, toWire } from '../engine/errors.ts';
import type { Envelope } from './contract/contract.ts';
import type { ContractError } from './contract/values.ts';

/** The only code that turns errors into the form that crosses a transport. */
export function success<T>(value: T): Envelope<T> {
  return { ok: true, value };
}

/** `log` is told of what nobody expected, with a reference; the caller gets the reference and no internals. */
export function failure(error: unknown, log: (reference: string, error: unknown) => void): Envelope<never> {
  const wire = toWire(error);
  if (wire.code !== 'internal') return { ok: false, error: contractError(error) };
  const reference = randomBytes(4).toString('hex');
  log(reference, error);
  const safe = new TriplicateError('internal', `Something went wrong inside Triplicate (reference ${reference}).`, {
    data: { reference },
  });
  return { ok: false, error: contractError(safe) };
}

/** Any thrown value as the contract's error. */
export function contractError(error: unknown): ContractError {
  const { data, ...wire } = toWire(error);
  return { ...wire, data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plain(value)])) };
}

function plain(value: string | number | boolean | readonly string[]): string | number | boolean | string[] {
  return typeof value === 'object' ? [...value] : value;
}
