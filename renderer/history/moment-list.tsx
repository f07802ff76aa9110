import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import type { TimelineMoment } from '../../main/api/contract/history.ts';
import { clockTime, dayName, exactTime } from '../parts/format.ts';
import { useNow } from '../parts/now.ts';
import classes from './history.module.css';

interface MomentListProps {
  readonly moments: readonly TimelineMoment[];
  readonly chosen: TimelineMoment;
  readonly onChoose: (moment: TimelineMoment) => void;
}

type Row = { readonly day: string } | { readonly moment: TimelineMoment };

/** All moments, newest first, under their days. */
export function MomentList({ moments, chosen, onChoose }: MomentListProps) {
  const now = useNow();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => withDays(moments, now), [moments, now]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 33,
    overscan: 12,
  });
  const chosenRow = rows.findIndex((row) => 'moment' in row && row.moment.id === chosen.id);
  useEffect(() => {
    if (chosenRow >= 0) virtual.scrollToIndex(chosenRow, { align: 'auto' });
  }, [chosenRow, virtual]);
  return (
    <nav ref={scroller} className={classes.moments} aria-label="Moments">
      <div style={{ height: virtual.getTotalSize(), flex: 'none', position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              style={{ position: 'absolute', insetInline: 0, transform: `translateY(${item.start}px)` }}
            >
              {'day' in row ? (
                <h2 className={classes.momentDay}>{row.day}</h2>
              ) : (
                <button
                  type="button"
                  className={classes.moment}
                  title={exactTime(row.moment.time)}
                  aria-current={row.moment.id === chosen.id || undefined}
                  onClick={() => onChoose(row.moment)}
                >
                  <span className="tabular">{clockTime(row.moment.time)}</span>
                  <span className={`${classes.momentChanges} tabular`}>{shortChanges(row.moment)}</span>
                </button>
              )}
            </div>
          );
        })}
      </div>
    </nav>
  );
}

function withDays(moments: readonly TimelineMoment[], now: number): readonly Row[] {
  const rows: Row[] = [];
  let last = '';
  for (const moment of moments) {
    const day = dayName(moment.time, now);
    if (day !== last) rows.push({ day });
    last = day;
    rows.push({ moment });
  }
  return rows;
}

function shortChanges({ changes }: TimelineMoment): string {
  const parts = [
    changes.added > 0 ? `+${changes.added}` : '',
    changes.changed > 0 ? `~${changes.changed}` : '',
    changes.removed > 0 ? `−${changes.removed}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'no changes' : parts.join(' ');
}
