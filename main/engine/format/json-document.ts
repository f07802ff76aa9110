import { TriplicateError } from '../errors.ts';

/**
 * Reading JSON documents of a repository: whoever wrote them, what comes out is checked field by field, and everything
 * unreadable is `repo/damaged`.
 */
export class JsonObject {
  readonly #what: string;
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #known = new Set<string>();
  readonly #source: object;

  /** `what`: the document in words for a person, such as "snapshot". @throws `repo/damaged` unless `value` is an object */
  constructor(value: unknown, what: string) {
    this.#what = what;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.damaged('is not an object');
    const fields = new Map<string, unknown>();
    // Go matches keys in any case (format, section 14); of several the last counts.
    for (const [key, field] of Object.entries(value)) fields.set(key.toLowerCase(), field);
    this.#fields = fields;
    this.#source = value;
  }

  /** The field as it is; `null` counts as absent. */
  raw(name: string): unknown {
    this.#known.add(name.toLowerCase());
    return this.#fields.get(name.toLowerCase()) ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.damaged(`has no text as ${name}`);
  }

  /** A whole number from 0 to `max`. */
  count(name: string, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) {
      throw this.damaged(`has no valid number as ${name}`);
    }
    return value;
  }

  truth(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.damaged(`has neither true nor false as ${name}`);
  }

  /** An id in lower case. */
  id(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!ANY_CASE_ID.test(value)) throw this.damaged(`has no id as ${name}`);
    return value.toLowerCase();
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.raw(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.damaged(`has no list as ${name}`);
  }

  texts(name: string): string[] | undefined {
    return this.list(name)?.map((value) => {
      // Go reads null as an empty text.
      if (value === null) return '';
      if (typeof value !== 'string') throw this.damaged(`has something else than text in ${name}`);
      return value;
    });
  }

  bytes(name: string): Uint8Array | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : decodeBase64(value, (what) => this.damaged(`${name} ${what}`));
  }

  /** The fields that nobody asked for, so that a rewrite does not lose them. */
  rest(): Readonly<Record<string, unknown>> | undefined {
    const rest = Object.entries(this.#source).filter(([key]) => !this.#known.has(key.toLowerCase()));
    return rest.length === 0 ? undefined : Object.fromEntries(rest);
  }

  missing(name: string): TriplicateError {
    return this.damaged(`has no ${name}`);
  }

  damaged(how: string): TriplicateError {
    return new TriplicateError('repo/damaged', `A ${this.#what} is damaged: it ${how}.`);
  }
}

const ANY_CASE_ID = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Any JSON value. @throws `repo/damaged` */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TriplicateError('repo/damaged', `A ${what} is damaged: it is not JSON.`, { cause: error });
  }
}

/** The bytes of standard, padded base64; anything else is refused, where Buffer would skip it. */
/** As Go reads it: padded, in groups of four. */
export function isBase64(text: string): boolean {
  return BASE64.test(text);
}

export function decodeBase64(text: string, damaged: (what: string) => TriplicateError): Uint8Array<ArrayBuffer> {
  if (!isBase64(text)) throw damaged('is not base64');
  return Buffer.from(text, 'base64');
}
