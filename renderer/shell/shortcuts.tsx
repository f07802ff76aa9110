import { Kbd } from '@mantine/core';
import { Dialog } from '../parts/dialog.tsx';
import classes from './shortcuts.module.css';

const GROUPS: readonly { readonly name: string; readonly keys: readonly (readonly [readonly string[], string])[] }[] = [
  {
    name: 'Everywhere',
    keys: [
      [['Ctrl', 'K'], 'Find files, screens and actions'],
      [['/'], 'Search all history'],
      [['?'], 'Show this list'],
      [['Esc'], 'Close what is open'],
    ],
  },
  {
    name: 'Go to',
    keys: [
      [['G', 'H'], 'Home'],
      [['G', 'Y'], 'History'],
      [['G', 'D'], 'Destinations'],
      [['G', 'A'], 'Activity'],
      [['G', 'S'], 'Settings'],
    ],
  },
  {
    name: 'History',
    keys: [
      [['←', '→'], 'Older and newer moment, on the timeline'],
      [['↑', '↓'], 'Move through moments, files, results and runs'],
      [['Enter'], 'Open a folder or show the versions of a file'],
      [['Space'], 'Select a file to restore'],
      [['Backspace'], 'One folder up'],
    ],
  },
];

/** What the keyboard can do. */
export function Shortcuts({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Keyboard shortcuts" size="md">
      <div className={classes.groups}>
        {GROUPS.map((group) => (
          <section key={group.name}>
            <h3 className={classes.name}>{group.name}</h3>
            <dl className={classes.list}>
              {group.keys.map(([keys, does]) => (
                <div key={does} className={classes.row}>
                  <dt className={classes.does}>{does}</dt>
                  <dd className={classes.keys}>
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
