import { Button, Group, TextInput } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { useState } from 'react';
import type { StorageKind } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { ChoiceCard } from '../parts/choice-card.tsx';
import { Failure, Note } from '../parts/failure.tsx';
import { Waiting } from '../parts/page.tsx';
import { KIND_WORDS } from '../parts/words.ts';
import classes from './choice.module.css';
import { remoteLocation } from './choices.ts';
import { RemoteFolderChooser } from './remote-folder-chooser.tsx';

interface RemoteChoiceProps {
  readonly location: string | null;
  readonly onChange: (place: { location: string; kind: StorageKind }) => void;
}

/** Kinds of remote that are a machine in the same network rather than a cloud. */
const NETWORK_TYPES: ReadonlySet<string> = new Set(['sftp', 'smb', 'webdav', 'ftp', 'local', 'hdfs']);

/** Stores of buckets: the first part of a path there is the name of one. */
const BUCKETS: ReadonlySet<string> = new Set(['s3', 'b2', 'azureblob', 'google cloud storage', 'swift', 'gcs']);

/** The remotes that rclone already knows, and the folder there. */
export function RemoteChoice({ location, onChange }: RemoteChoiceProps) {
  const remotes = useData('destinations.remotes', {});
  const parsed = /^rclone:([^:]+):(.*)$/.exec(location ?? '');
  const [path, setPath] = useState(parsed?.[2] ?? 'Triplicate');
  const [browsing, setBrowsing] = useState<'open' | 'closed'>('closed');
  if (remotes.error !== null) return <Failure error={remotes.error} onRetry={() => void remotes.refetch()} />;
  if (remotes.data === undefined) return <Waiting rows={2} height={64} />;
  if (remotes.data.error !== null) {
    return <Failure error={remotes.data.error} onRetry={() => void remotes.refetch()} />;
  }
  if (remotes.data.remotes.length === 0) {
    return (
      <Note>
        rclone is here but knows no cloud yet. Open a terminal, run <code>rclone config</code>, follow its questions,
        then come back: the cloud appears in this list.
      </Note>
    );
  }
  const kindOf = (type: string): StorageKind => (NETWORK_TYPES.has(type) ? 'network' : 'cloud');
  const chosen = remotes.data.remotes.find(({ name }) => name === parsed?.[1]);
  const settle = (remote: { readonly name: string; readonly type: string }, next: string) => {
    setPath(next);
    onChange({ location: remoteLocation(remote.name, next), kind: kindOf(remote.type) });
  };
  return (
    <div className={classes.choices} role="radiogroup" aria-label="Clouds and servers">
      {remotes.data.remotes.map((remote) => (
        <ChoiceCard
          key={remote.name}
          icon={KIND_WORDS[kindOf(remote.type)].icon}
          title={remote.name}
          text={`${KIND_WORDS[kindOf(remote.type)].label} · ${remote.type}`}
          chosen={chosen === remote ? 'yes' : 'no'}
          onChoose={() => settle(remote, path)}
        />
      ))}
      {chosen !== undefined && (
        <Group align="flex-end" gap="xs" wrap="nowrap">
          <TextInput
            label="Folder there"
            description={
              BUCKETS.has(chosen.type) ? 'It begins with the name of the bucket' : 'It is made when it is missing'
            }
            value={path}
            onChange={(event) => settle(chosen, event.target.value)}
            flex={1}
          />
          <Button
            variant="default"
            leftSection={<IconFolderOpen size={16} />}
            onClick={() => setBrowsing('open')}
            aria-label={`Choose a folder at ${chosen.name}`}
          >
            Choose…
          </Button>
          <RemoteFolderChooser
            remote={chosen.name}
            start={browsing === 'open' ? path : null}
            onClose={() => setBrowsing('closed')}
            onChoose={(next) => {
              setBrowsing('closed');
              settle(chosen, next);
            }}
          />
        </Group>
      )}
    </div>
  );
}
