import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
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
  const chosenRow = rows.findIndex((row) => 'moment' in row && row.moment.id === chosen.id);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 33,
    overscan: 12,
    // The chosen moment is the one stop of the Tab key, so it is drawn wherever the list is scrolled to.
    rangeExtractor: (range: Range) =>
      [...new Set([...defaultRangeExtractor(range), Math.max(0, chosenRow)])].sort((a, b) => a - b),
  });
  useEffect(() => {
    if (chosenRow >= 0) virtual.scrollToIndex(chosenRow, { align: 'auto' });
  }, [chosenRow, virtual]);
  const moved = useRef<'by-key' | 'no'>('no');
  useLayoutEffect(() => {
    if (moved.current === 'by-key') scroller.current?.querySelector<HTMLElement>('[aria-current]')?.focus();
    moved.current = 'no';
  });
  const press = (event: KeyboardEvent) => {
    const at = moments.findIndex(({ id }) => id === chosen.id);
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: moments.length - 1 }[event.key];
    const moment = target === undefined ? undefined : moments[target];
    if (target === undefined) return;
    event.preventDefault();
    if (moment === undefined) return;
    moved.current = 'by-key';
    onChoose(moment);
  };
  return (
    <nav ref={scroller} className={classes.moments} aria-label="Moments" onKeyDown={press}>
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
                  tabIndex={row.moment.id === chosen.id ? 0 : -1}
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
