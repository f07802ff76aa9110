import { TriplicateError } from '../errors.ts';
import { JsonObject, parseJson } from './json-document.ts';
import { jsonString } from './json-text.ts';
import { degree, isIrreducible, POLYNOMIAL_DEGREE } from './polynomial.ts';

/** The parameters of a repository (format, section 4). */
export interface RepositoryConfig {
  readonly version: 1 | 2;
  /** 64 hex digits; restic's local cache is keyed by it, so no two repositories may share one. */
  readonly id: string;
  readonly chunkerPolynomial: bigint;
}

/** Reads the plaintext of `config`. @throws `repo/damaged`, `repo/unsupported` for another version */
export function parseConfig(plain: Uint8Array): RepositoryConfig {
  const text = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString('utf8');
  const fields = new JsonObject(parseJson(text, 'config file'), 'config file');
  const version = fields.count('version');
  if (version === undefined) throw fields.missing('version');
  if (version !== 1 && version !== 2) {
    throw new TriplicateError('repo/unsupported', `The repository has format version ${version}; known are 1 and 2.`);
  }
  const hex = fields.text('chunker_polynomial') ?? '';
  if (!/^[0-9a-fA-F]{1,32}$/.test(hex)) throw fields.missing('chunker polynomial');
  const chunkerPolynomial = BigInt(`0x${hex}`);
  if (degree(chunkerPolynomial) !== POLYNOMIAL_DEGREE || !isIrreducible(chunkerPolynomial)) {
    throw fields.damaged('has a chunker polynomial that is not irreducible of degree 53');
  }
  return { version, id: fields.text('id') ?? '', chunkerPolynomial };
}

/** The plaintext of `config`, to be sealed as it is: neither compressed nor with an encoding byte. */
export function serialiseConfig(config: RepositoryConfig): Uint8Array<ArrayBuffer> {
  const polynomial = config.chunkerPolynomial.toString(16);
  return Buffer.from(
    `{"version":${config.version},"id":${jsonString(config.id)},"chunker_polynomial":"${polynomial}"}`,
  );
}
