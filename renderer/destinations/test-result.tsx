import { IconCircleCheck } from '@tabler/icons-react';
import type { DestinationTest } from '../../main/api/contract/destinations.ts';
import { Failure, Note } from '../parts/failure.tsx';
import { size } from '../parts/format.ts';
import classes from './test-result.module.css';

/** What a test of a place found, in words. */
export function TestResult({ test, place }: { readonly test: DestinationTest; readonly place: 'new' | 'known' }) {
  if (test.error !== null) return <Failure error={test.error} />;
  if (!test.reachable) return <Note tone="warn">It cannot be reached now. Connect it and test again.</Note>;
  if (!test.writable) return <Note tone="warn">It answers, but nothing can be written there.</Note>;
  const free = test.freeBytes === null ? '' : ` ${size(test.freeBytes)} free.`;
  const speed = test.latencyMs === null ? '' : ` It answers in ${Math.max(1, Math.round(test.latencyMs))} ms.`;
  return (
    <div className={classes.result} role="status">
      <IconCircleCheck size={20} stroke={1.8} aria-hidden />
      <span>
        {place === 'known' && test.content === 'repository' ? KNOWN_WORDS : CONTENT_WORDS[test.content]}
        {free}
        {speed}
      </span>
    </div>
  );
}

const KNOWN_WORDS = 'Works: it answers, and your passphrase opens the copies there.';

const CONTENT_WORDS: Readonly<Record<DestinationTest['content'], string>> = {
  empty: 'Works: the place is empty and files can be written there.',
  repository: 'Works: copies are kept here already, and your passphrase opens them. They will be used as they are.',
  'locked-out': 'Copies are kept here that your passphrase does not open. Enter their own passphrase to use them.',
  foreign: 'Works. The place holds other files; they stay untouched.',
  unknown: 'Works: it answers and files can be written there.',
};
