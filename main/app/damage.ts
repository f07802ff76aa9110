import type { CheckDepth, Finding } from '../api/contract/runs.ts';
import type { ContractError } from '../api/contract/values.ts';
import { hasCode, TriplicateError } from '../engine/errors.ts';
import type { EngineFinding } from './engine-link/calls.ts';
import { plainError } from './engine-link/serve-engine.ts';

/** What is known of the damage of a destination, and for how long. Pure. */

/** What a damage carries that was met by reading content: a check that reads none says nothing of it. */
const IN_CONTENT = { metBy: 'reading' } as const;

/** What of a restore speaks against the copy itself. */
const DAMAGE: ReadonlySet<string> = new Set([
  'restore/damaged',
  'restore/missing',
  'drill/differs',
  'check/pack-missing',
  'check/pack-size',
]);

/** The damage of the copy that a restore from it has met; null when there is none. */
export function damageMet(findings: readonly EngineFinding[]): ContractError | null {
  const met = findings.find(({ code }) => DAMAGE.has(code));
  return met ? asDamage(met.text, met.code.startsWith('check/') ? {} : IN_CONTENT) : null;
}

/** The same, of reading that ended with an error. */
export function damageOfError(error: unknown): ContractError | null {
  if (!(error instanceof TriplicateError) || !hasCode(error, 'repo/damaged', 'repo/blob-missing', 'store/corrupt'))
    return null;
  return asDamage(error.message, IN_CONTENT);
}

/** @param text what a person reads of it */
export function asDamage(text: string, data: Readonly<Record<string, string>> = IN_CONTENT): ContractError {
  return plainError(
    new TriplicateError('restore/incomplete', text, {
      data,
      hint: 'The other copies are not affected. A check that reads all data shows the extent.',
    }),
  );
}

function isInContent({ data }: ContractError): boolean {
  return data.metBy === IN_CONTENT.metBy;
}

export interface DamageAfterCheck {
  /** What the check found. */
  readonly found: ContractError | null;
  /** Earlier damage, which this check could not see, is still there. */
  readonly stays: boolean;
  /** What the destination has from now on. */
  readonly damage: ContractError | null;
}

/** @param before the damage that was known of the destination */
export function damageAfterCheck(
  findings: readonly EngineFinding[],
  depth: CheckDepth,
  before: ContractError | null,
): DamageAfterCheck {
  const stays = depth === 'structure' && before !== null && isInContent(before);
  if (!findings.some(({ level }) => level === 'error')) return { found: null, stays, damage: stays ? before : null };
  const next =
    depth === 'read-data'
      ? 'Add a fresh place (another folder on the same disk will do), then remove this one.'
      : 'Read and check all data to see the extent.';
  const found = plainError(
    new TriplicateError('repo/damaged', damageWords(findings), {
      data: depth === 'read-data' || stays ? IN_CONTENT : {},
      hint: `Your files and the other copies are not affected. ${next}`,
    }),
  );
  return { found, stays, damage: found };
}

/** Says why a check that found nothing leaves the destination damaged. */
export function stillDamaged(name: string): Finding {
  const text = `${name} still counts as damaged: what was found when content was read shows only when it is read again. Read and check all data.`;
  return { level: 'warning', code: 'check/unread', text, path: null };
}

/** What a check found, for a person; the report has the findings themselves. */
function damageWords(findings: readonly EngineFinding[]): string {
  const lost = findings.filter(({ code }) => code === 'check/affected').length;
  if (lost === 0) return 'A check found damage there.';
  return `A check found damage there: ${lost} ${lost === 1 ? 'moment' : 'moments'} cannot be restored completely.`;
}
