import type { CheckDepth, Finding } from '../api/contract/runs.ts';
import type { ContractError } from '../api/contract/values.ts';
import { TriplicateError } from '../engine/errors.ts';
import type { EngineFinding } from './engine-link/calls.ts';
import { plainError } from './engine-link/serve-engine.ts';

/** What is known of the damage of a destination, and for how long. Pure. */

/** What a damage carries that was met by reading content: a check that reads none says nothing of it. */
export const IN_CONTENT = { metBy: 'reading' } as const;

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
