import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import type { TimelineMoment } from '../../main/api/contract/history.ts';
import { clockTime, dayName, exactTime, number, type Precision, plural } from '../parts/format.ts';
import { useNow } from '../parts/now.ts';
import classes from './history.module.css';

interface MomentListProps {
  readonly moments: readonly TimelineMoment[];
  readonly chosen: TimelineMoment;
  readonly onChoose: (moment: TimelineMoment) => void;
}

type Row = { readonly day: string } | { readonly moment: TimelineMoment; readonly precision: Precision };

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
                  title={`${exactTime(row.moment.time)}\n${changeWords(row.moment)}`}
                  aria-current={row.moment.id === chosen.id || undefined}
                  onClick={() => onChoose(row.moment)}
                >
                  <span className="tabular">{clockTime(row.moment.time, row.precision)}</span>
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
  const perMinute = new Map<string, number>();
  for (const moment of moments) perMinute.set(minuteOf(moment), (perMinute.get(minuteOf(moment)) ?? 0) + 1);
  for (const moment of moments) {
    const day = dayName(moment.time, now);
    if (day !== last) rows.push({ day });
    last = day;
    rows.push({ moment, precision: (perMinute.get(minuteOf(moment)) ?? 0) > 1 ? 'with-seconds' : 'minutes' });
  }
  return rows;
}

function minuteOf({ time }: TimelineMoment): string {
  return time.slice(0, 16);
}

function shortChanges(moment: TimelineMoment): string {
  const { added, changed, removed } = moment.changes;
  const sum = added + changed + removed;
  return sum === 0 ? 'no changes' : sum < 10_000 ? plural(sum, 'change') : `${number(Math.round(sum / 1000))}k changes`;
}

function changeWords({ changes: { added, changed, removed } }: TimelineMoment): string {
  return `${number(added)} new, ${number(changed)} changed, ${number(removed)} removed`;
}
