import { Checkbox, Skeleton } from '@mantine/core';
import { IconFile, IconFolder, IconLink } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { HistoryEntry } from '../../main/api/contract/history.ts';
import type { FolderId } from '../../main/api/contract/values.ts';
import { useClient } from '../data.ts';
import { Failure, Note } from '../parts/failure.tsx';
import { shortTime, size } from '../parts/format.ts';
import { Tag } from '../parts/pill.tsx';
import { visible } from '../parts/visible.ts';
import classes from './file-table.module.css';

interface FileTableProps {
  readonly folderId: FolderId;
  readonly momentId: string;
  readonly directoryKey: string | undefined;
  readonly selected: ReadonlyMap<string, HistoryEntry>;
  readonly onSelect: (selected: ReadonlyMap<string, HistoryEntry>) => void;
  readonly onOpen: (entry: HistoryEntry) => void;
  readonly onUp: () => void;
}

const PAGE = 500;
const ROW = 36;

/** One directory as it was. Rows and their data come as they scroll into view, so that 100,000 entries are no burden. */
export function FileTable(props: FileTableProps) {
  const { folderId, momentId, directoryKey, selected, onSelect, onOpen, onUp } = props;
  const client = useClient();
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const [pages, setPages] = useState<readonly number[]>([0]);
  const where = `${momentId}/${directoryKey ?? ''}`;
  const [seen, setSeen] = useState(where);
  if (seen !== where) {
    setSeen(where);
    setPages([0]);
    setAt(0);
  }
  const results = useQueries({
    queries: pages.map((page) => {
      const input = {
        folderId,
        momentId,
        offset: page * PAGE,
        limit: PAGE,
        ...(directoryKey === undefined ? {} : { key: directoryKey }),
      };
      return {
        queryKey: ['history.browse', input],
        queryFn: () => client.call('history.browse', input),
        staleTime: Number.POSITIVE_INFINITY,
      };
    }),
  });
  const first = results[0];
  const total = first?.data?.total ?? 0;
  const entryAt = (index: number): HistoryEntry | undefined => {
    const page = pages.indexOf(Math.floor(index / PAGE));
    return results[page]?.data?.entries[index % PAGE];
  };
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const wanted = [...new Set(items.map((item) => Math.floor(item.index / PAGE)))].filter(
    (page) => !pages.includes(page),
  );
  const missing = wanted.join();
  useEffect(() => {
    if (missing !== '') setPages((old) => [...old, ...missing.split(',').map(Number)]);
  }, [missing]);

  const toggle = (entry: HistoryEntry) => {
    const next = new Map(selected);
    if (!next.delete(entry.key)) next.set(entry.key, entry);
    onSelect(next);
  };
  const focusRow = (index: number) => {
    const next = Math.max(0, Math.min(total - 1, index));
    setAt(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus());
  };
  const press = (event: KeyboardEvent) => {
    const entry = entryAt(at);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 12,
      PageUp: at - 12,
      Home: 0,
      End: total - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) focusRow(target);
    else if (event.key === 'Enter' && entry !== undefined) onOpen(entry);
    else if (event.key === ' ' && entry !== undefined) toggle(entry);
    else if (event.key === 'Backspace') onUp();
    else return;
    event.preventDefault();
  };

  const broken = results.filter(({ error }) => error !== null);
  const failure = broken[0] !== undefined && (
    <Failure error={broken[0].error} onRetry={() => void Promise.all(broken.map((one) => one.refetch()))} />
  );
  if (first?.error && first.data === undefined) return <div className={classes.message}>{failure}</div>;
  if (first?.data !== undefined && total === 0) {
    return (
      <div className={classes.message}>
        <Note>This folder was empty at this moment.</Note>
      </div>
    );
  }
  return (
    <>
      {failure && <div className={classes.broken}>{failure}</div>}
      <div
        role="treegrid"
        aria-label="Files"
        aria-rowcount={total + 1}
        aria-multiselectable
        className={classes.grid}
        onKeyDown={press}
        tabIndex={-1}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: the header is not for the keyboard */}
        <div role="row" aria-rowindex={1} className={`${classes.row} ${classes.header}`}>
          <Cell kind="columnheader" className={classes.check}>
            <span className="visually-hidden">Selected</span>
          </Cell>
          <Cell kind="columnheader" className={classes.name}>
            Name
          </Cell>
          <Cell kind="columnheader" className={classes.size}>
            Size
          </Cell>
          <Cell kind="columnheader" className={classes.time}>
            Changed
          </Cell>
        </div>
        <div ref={scroller} className={classes.scroller} role="presentation">
          <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {items.map((item) => (
              <FileRow
                key={item.key}
                index={item.index}
                top={item.start}
                entry={entryAt(item.index)}
                focusable={item.index === at ? 'yes' : 'no'}
                chosen={selected.has(entryAt(item.index)?.key ?? '') ? 'yes' : 'no'}
                onFocus={() => setAt(item.index)}
                onOpen={onOpen}
                onToggle={toggle}
              />
            ))}
          </div>
        </div>
      </div>
    </>
  );
}

interface FileRowProps {
  readonly index: number;
  readonly top: number;
  readonly entry: HistoryEntry | undefined;
  readonly focusable: 'yes' | 'no';
  readonly chosen: 'yes' | 'no';
  readonly onFocus: () => void;
  readonly onOpen: (entry: HistoryEntry) => void;
  readonly onToggle: (entry: HistoryEntry) => void;
}

const TYPE_ICONS = { file: IconFile, dir: IconFolder, symlink: IconLink, other: IconFile } as const;

function FileRow({ index, top, entry, focusable, chosen, onFocus, onOpen, onToggle }: FileRowProps) {
  if (entry === undefined) {
    return (
      <div className={classes.row} style={{ transform: `translateY(${top}px)` }} data-virtual>
        <Skeleton height={12} width="40%" />
      </div>
    );
  }
  const TypeIcon = TYPE_ICONS[entry.type];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see FileTable
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of all rows are heard by the treegrid
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-level={1}
      aria-selected={chosen === 'yes'}
      tabIndex={focusable === 'yes' ? 0 : -1}
      data-row={index}
      data-virtual
      className={classes.row}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={onFocus}
      // The second click of two falls on what has taken the place of this row.
      onClick={({ detail }) => detail < 2 && onOpen(entry)}
    >
      <Cell kind="gridcell" className={classes.check}>
        <Checkbox
          size="xs"
          tabIndex={-1}
          aria-label={`Select ${visible(entry.name)}`}
          checked={chosen === 'yes'}
          onClick={(event) => event.stopPropagation()}
          onChange={() => onToggle(entry)}
        />
      </Cell>
      <Cell kind="gridcell" className={classes.name}>
        <span className={classes.icon} data-type={entry.type}>
          <TypeIcon size={18} stroke={1.6} aria-hidden />
        </span>
        <span className={classes.text}>{visible(entry.name)}</span>
        {!entry.existsNow && <Tag tone="warn" label="Deleted later" />}
      </Cell>
      <Cell kind="gridcell" className={`${classes.size} tabular`}>
        {entry.type === 'file' ? size(entry.size) : ''}
      </Cell>
      <Cell kind="gridcell" className={`${classes.time} tabular`}>
        {entry.modifiedAt === null ? '' : shortTime(entry.modifiedAt)}
      </Cell>
    </div>
  );
}

interface CellProps {
  readonly kind: 'gridcell' | 'columnheader';
  readonly className: string | undefined;
  readonly children: React.ReactNode;
}

function Cell({ kind, className, children }: CellProps) {
  return (
    <div role={kind} className={className}>
      {children}
    </div>
  );
}
