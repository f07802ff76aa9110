import { Skeleton } from '@mantine/core';
import type { FolderId } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { Note } from '../parts/failure.tsx';
import classes from './versions.module.css';

interface PreviewProps {
  readonly folderId: FolderId;
  readonly momentId: string;
  readonly fileKey: string;
}

/** A look at a version before it is restored. */
export function Preview({ folderId, momentId, fileKey }: PreviewProps) {
  const preview = useData('history.preview', { folderId, momentId, key: fileKey });
  if (preview.error !== null) return <Note tone="warn">{preview.error.wire.message}</Note>;
  if (preview.data === undefined) return <Skeleton height={180} radius="md" />;
  switch (preview.data.kind) {
    case 'text':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        // biome-ignore lint/a11y/useSemanticElements: preformatted text has no element that is also a region
        <pre className={classes.text} tabIndex={0} role="region" aria-label="Preview">
          {preview.data.text}
          {preview.data.truncated ? '\n…' : ''}
        </pre>
      );
    case 'image':
      return (
        <img
          className={classes.image}
          alt="Preview"
          src={`data:${preview.data.mediaType};base64,${preview.data.base64}`}
        />
      );
    case 'none':
      return <Note>{preview.data.reason}</Note>;
  }
}
