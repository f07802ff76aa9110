import type { ContractError } from '../api/contract/values.ts';

/** What a damage carries that was met by reading content: a check that reads none says nothing of it. */
export const IN_CONTENT = { metBy: 'reading' } as const;

export function isInContent({ data }: ContractError): boolean {
  return data.metBy === IN_CONTENT.metBy;
}
