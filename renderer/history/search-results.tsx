import { Switch } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconFile, IconFolder, IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { SearchHit } from '../../main/api/contract/history.ts';
import type { FolderId } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { Failure } from '../parts/failure.tsx';
import { plural, size } from '../parts/format.ts';
import { useNow } from '../parts/now.ts';
import { Empty } from '../parts/page.tsx';
import { Tag } from '../parts/pill.tsx';
import { visible } from '../parts/visible.ts';
import { goneShort, goneSince } from './gone.ts';
import classes from './history.module.css';
import { useHistoryFolders } from './history-folders.ts';
import { mayStay } from './kept-hits.ts';
import { Marked } from './marked.tsx';
import type { HitPlace } from './place.ts';
import { RestoreDialog, type RestoreWish } from './restore-dialog.tsx';
import rows from './search-results.module.css';
import { VersionsDrawer } from './versions-drawer.tsx';

interface SearchResultsProps {
  readonly text: string;
  /** Empty: all folders. */
  readonly folderId: string;
  readonly which: 'all' | 'deleted';
  readonly onWhich: (which: 'all' | 'deleted') => void;
  /** A hit whose versions are to be shown at once. */
  readonly openHit?: HitPlace;
  readonly onHitClosed: () => void;
}

/** Names found over all history of all folders, deleted ones too, while the person types. */
export function SearchResults({ text, folderId, which, onWhich, openHit, onHitClosed }: SearchResultsProps) {
  const typed = text.trim();
  const [settled] = useDebouncedValue(typed, 60);
  // Emptying the field ends the search at once.
  const wanted = typed === '' ? '' : settled;
  const asking = typed !== '' || which === 'deleted';
  const query = useData(
    'history.search',
    {
      text: wanted,
      deletedOnly: which === 'deleted',
      limit: 500,
      ...(folderId === '' ? {} : { folderId: folderId as FolderId }),
    },
    { enabled: wanted !== '' || which === 'deleted', keepPrevious: 'keep' },
  );
  const folders = useHistoryFolders().all;
  const [shown, setShown] = useState<SearchHit | null>(null);
  const [wish, setWish] = useState<RestoreWish | null>(null);
  const searching = asking && (query.isPending || query.isPlaceholderData || wanted !== typed);
  const found = asking ? (query.data?.hits ?? NO_HITS) : NO_HITS;
  const hits = useMemo(
    () => (searching ? found.filter((hit) => mayStay(hit, { text: typed, folderId, which })) : found),
    [searching, found, typed, folderId, which],
  );
  const opened = useRef<HitPlace | undefined>(undefined);
  useEffect(() => {
    if (openHit === undefined) opened.current = undefined;
    const hit = hits.find((one) => one.key === openHit?.key && one.folderId === openHit.folderId);
    if (hit === undefined || isSameHit(opened.current, openHit)) return;
    opened.current = openHit;
    setShown(hit);
  });
  const close = () => {
    setShown(null);
    if (shown !== null && isSameHit(shown, openHit)) onHitClosed();
  };
  return (
    <>
      <div className={classes.searchBar}>
        <span role="status">
          {searching ? 'Searching…' : summary(wanted, hits.length, query.data?.more === true ? 'more' : 'all')}
        </span>
        <Switch
          label="Deleted files only"
          checked={which === 'deleted'}
          onChange={(event) => onWhich(event.target.checked ? 'deleted' : 'all')}
        />
      </div>
      {query.error !== null && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {hits.length === 0 && !searching && query.error === null && (
        <Empty icon={<IconSearch size={44} stroke={1.3} />} title={emptyTitle(wanted, which)}>
          {emptyWords(wanted, which)}
        </Empty>
      )}
      {hits.length > 0 && <Hits hits={hits} words={typed} onOpen={setShown} />}
      <VersionsDrawer
        file={shown}
        onClose={close}
        onRestore={(momentId, time) => {
          const folder = folders.find(({ id }) => id === shown?.folderId);
          if (shown === null || folder === undefined) return;
          setWish({ folder, momentId, keys: [shown.key], what: visible(shown.name), time });
          close();
        }}
      />
      <RestoreDialog wish={wish} onClose={() => setWish(null)} />
    </>
  );
}

const NO_HITS: readonly SearchHit[] = [];

function isSameHit(a: HitPlace | undefined, b: HitPlace | undefined): boolean {
  return a?.key === b?.key && a?.folderId === b?.folderId;
}

interface HitsProps {
  readonly hits: readonly SearchHit[];
  readonly words: string;
  readonly onOpen: (hit: SearchHit) => void;
}

function Hits({ hits, words, onOpen }: HitsProps) {
  const scroller = useRef<HTMLUListElement>(null);
  const virtual = useVirtualizer({
    count: hits.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 60,
    overscan: 8,
  });
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const at = Number((event.target as HTMLElement).dataset.hit);
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: hits.length - 1 }[event.key];
    if (target === undefined || Number.isNaN(at)) return;
    event.preventDefault();
    if (target < 0) document.querySelector<HTMLElement>(`[data-search]`)?.focus();
    else focusHit(Math.min(target, hits.length - 1));
  };
  const focusHit = (index: number) => {
    virtual.scrollToIndex(index);
    const focus = () => {
      const hit = scroller.current?.querySelector<HTMLElement>(`[data-hit="${index}"]`);
      hit?.focus({ preventScroll: true });
      return hit != null;
    };
    // At once where it is drawn already, so that the next key counts from there.
    if (!focus()) requestAnimationFrame(focus);
  };
  // Results may still change under the focus; it then stays in the list instead of falling out of it.
  const focused = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only other results take the focused one away
  useLayoutEffect(() => {
    if (focused.current !== null && document.activeElement === document.body) {
      focusHit(Math.min(focused.current, hits.length - 1));
    }
  }, [hits]);
  return (
    <ul
      ref={scroller}
      className={rows.hits}
      aria-label="Found"
      onKeyDown={press}
      onFocus={({ target }) => {
        focused.current = Number(target.dataset.hit ?? 0);
      }}
      onBlur={({ relatedTarget }) => {
        if (relatedTarget !== null) focused.current = null;
      }}
    >
      <li style={{ height: virtual.getTotalSize() }} aria-hidden="true" />
      {virtual.getVirtualItems().map((item) => {
        const hit = hits[item.index];
        if (hit === undefined) return null;
        const HitIcon = hit.type === 'dir' ? IconFolder : IconFile;
        return (
          <li
            key={`${hit.folderId}-${hit.key}`}
            className={rows.place}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <button type="button" className={rows.hit} data-hit={item.index} onClick={() => onOpen(hit)}>
              <HitIcon size={20} stroke={1.6} aria-hidden />
              <span className={rows.words}>
                <span className={rows.name}>
                  <Marked text={visible(hit.name)} words={words} />
                </span>
                <span className={rows.path}>
                  {hit.folderName} / {visible(hit.path)}
                </span>
              </span>
              {hit.existsNow ? null : <GoneTag hit={hit} />}
              <span className={`${rows.facts} tabular`}>
                {hit.type === 'file' ? size(hit.size) : 'folder'}
                <br />
                {plural(hit.versions, 'version')}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** When a deleted file went, as far as the moments that are kept can tell. */
function GoneTag({ hit }: { readonly hit: SearchHit }) {
  const now = useNow();
  const moments = useData('history.moments', { folderId: hit.folderId }).data?.moments ?? [];
  return <Tag tone="warn" label={`Deleted ${goneShort(goneSince(hit.lastSeenAt, moments), now)}`} />;
}

function emptyTitle(text: string, which: 'all' | 'deleted'): string {
  if (text !== '') return which === 'deleted' ? 'Nothing deleted has this name' : 'Nothing has this name';
  return which === 'deleted' ? 'Nothing was deleted' : 'Type a part of the name';
}

function emptyWords(text: string, which: 'all' | 'deleted'): string {
  if (text !== '') return 'Try fewer letters, or only the ending, for example “.pdf”.';
  return which === 'deleted'
    ? 'What is deleted from now on is listed here, for as long as its versions are kept.'
    : 'Files that were deleted or renamed long ago are found too.';
}

function summary(text: string, count: number, extent: 'more' | 'all'): string {
  if (text === '' && count === 0) return '';
  return extent === 'more' ? `The first ${plural(count, 'result')}` : plural(count, 'result');
}
