import { ActionIcon, Menu } from '@mantine/core';
import { IconDots, IconEdit, IconRefresh, IconReport, IconShieldOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Folder } from '../../main/api/contract/folders.ts';
import { tellDone, useAction } from '../data.ts';
import { useAsk } from '../parts/confirm.tsx';
import { FolderDialog } from './folder-dialog.tsx';

/** What else can be done with a folder. */
export function FolderMenu({ folder }: { readonly folder: Folder }) {
  const ask = useAsk();
  const backup = useAction('runs.backup');
  const remove = useAction('folders.remove');
  const [, navigate] = useLocation();
  const [editing, setEditing] = useState<'open' | 'closed'>('closed');

  const stopProtecting = async () => {
    const answer = await ask({
      title: `Stop protecting ${folder.name}?`,
      text: (
        <>
          <p>New changes will not be copied any more. The folder itself is not touched.</p>
          <p>
            All its versions stay at the destinations. You can protect the folder again at any time and go on where you
            stopped.
          </p>
        </>
      ),
      yes: 'Stop protecting',
      tone: 'danger',
    });
    if (answer === 'yes') {
      remove.mutate({ id: folder.id }, { onSuccess: () => tellDone(`${folder.name} is not protected any more`) });
    }
  };

  return (
    <>
      <Menu width={220}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={`More for ${folder.name}`}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconRefresh size={16} />}
            onClick={() => backup.mutate({ folderIds: [folder.id] }, { onSuccess: () => tellDone('Backup started') })}
          >
            Back up now
          </Menu.Item>
          <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => setEditing('open')}>
            Edit
          </Menu.Item>
          <Menu.Item
            leftSection={<IconReport size={16} />}
            onClick={() => navigate(`/activity/of/${encodeURIComponent(folder.id)}`)}
          >
            Reports
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            c="var(--danger-ink)"
            leftSection={<IconShieldOff size={16} />}
            onClick={() => void stopProtecting()}
          >
            Stop protecting
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <FolderDialog folder={folder} opened={editing === 'open'} onClose={() => setEditing('closed')} />
    </>
  );
}
