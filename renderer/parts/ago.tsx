import { Tooltip } from '@mantine/core';
import { ago, exactTime } from './format.ts';
import { useNow } from './now.ts';

/** A time as `4 minutes ago`; the exact one is a hover away. */
export function Ago({ at, never = 'never' }: { readonly at: string | null; readonly never?: string }) {
  const now = useNow();
  if (at === null) return <span>{never}</span>;
  return (
    <Tooltip label={exactTime(at)}>
      <time dateTime={at} suppressHydrationWarning>
        {ago(at, now)}
      </time>
    </Tooltip>
  );
}
