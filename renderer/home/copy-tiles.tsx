import { Tooltip } from '@mantine/core';
import { IconFolder, IconMapPin, IconSquarePlus } from '@tabler/icons-react';
import type { Copy, Folder } from '../../main/api/contract/folders.ts';
import { Ago } from '../parts/ago.tsx';
import { Pill, Tag } from '../parts/pill.tsx';
import { COPY_WORDS, KIND_WORDS } from '../parts/words.ts';
import classes from './copy-tiles.module.css';

/** The copies side by side: the original, each destination, and an empty sheet for each that is missing. */
export function CopyTiles({ folder }: { readonly folder: Folder }) {
  const empty = Math.max(0, folder.rule.copies.need - 1 - folder.copies.length);
  const gone = folder.watch.state === 'missing';
  return (
    <ul className={classes.tiles} aria-label={`Copies of ${folder.name}`}>
      <li className={classes.tile} data-tone={gone ? 'danger' : 'good'}>
        <div className={classes.top}>
          <IconFolder size={18} stroke={1.7} aria-hidden />
          <span className={classes.name}>The original</span>
        </div>
        <p className={classes.words}>On this computer</p>
        <div className={classes.state}>
          {gone ? <Tag tone="danger" label="Not found" bare="bare" /> : <Pill state={COPY_WORDS.good} bare="bare" />}
        </div>
      </li>
      {folder.copies.map((copy) => (
        <CopyTile key={copy.destinationId} copy={copy} />
      ))}
      {Array.from({ length: empty }, (_, index) => index).map((index) => (
        <li key={`empty-${index}`} className={classes.tile} data-empty>
          <div className={classes.top}>
            <IconSquarePlus size={18} stroke={1.7} aria-hidden />
            <span className={classes.name}>One more copy</span>
          </div>
          <p className={classes.words}>not set up yet</p>
        </li>
      ))}
    </ul>
  );
}

function CopyTile({ copy }: { readonly copy: Copy }) {
  const kind = KIND_WORDS[copy.kind];
  const state = COPY_WORDS[copy.state];
  return (
    <Tooltip label={copy.reason} disabled={copy.reason === ''}>
      <li className={classes.tile} data-tone={state.tone}>
        <div className={classes.top}>
          <kind.icon size={18} stroke={1.7} aria-hidden />
          <span className={classes.name}>{copy.destinationName}</span>
        </div>
        <p className={classes.words}>
          {kind.label}
          {copy.offsite && (
            <span className={classes.offsite}>
              <IconMapPin size={13} stroke={2} aria-hidden /> off-site
            </span>
          )}
        </p>
        <div className={classes.state}>
          <Pill state={state} bare="bare" />
          {copy.lastSnapshotAt !== null && copy.state !== 'damaged' && (
            <span className={classes.age}>
              {copy.state === 'good' ? '' : 'last copied '}
              <Ago at={copy.lastSnapshotAt} />
            </span>
          )}
        </div>
        <p className={classes.proof}>
          {copy.state === 'good' ? (
            <>
              {copy.lastVerifiedAt === null ? 'not proven yet' : 'proven '}
              {copy.lastVerifiedAt !== null && <Ago at={copy.lastVerifiedAt} />}
            </>
          ) : (
            copy.reason
          )}
        </p>
      </li>
    </Tooltip>
  );
}
