import { expect, test } from 'vitest';
import { type Activity, afterEvent, NO_ACTIVITY, trayState } from '../../../main/shell/activity.ts';

type Run = Activity['running'][number];
type Folder = Activity['folders'][number];

const run = (id: string, state: Run['state']): Run => ({ id, state, title: `Backing up ${id}` }) as Run;
interface Parts {
  readonly copies?: number;
  readonly damaged?: boolean;
  readonly overdue?: boolean;
  readonly missing?: boolean;
}
const folder = (name: string, parts: Parts = {}): Folder =>
  ({
    name,
    overdue: parts.overdue ?? false,
    copies: parts.damaged ? [{ state: 'damaged' }] : [],
    watch: { state: parts.missing ? 'missing' : 'watching' },
    rule: { copies: { have: parts.copies ?? 3, need: 3 } },
  }) as unknown as Folder;
const withFolders = (...folders: Folder[]): Activity => afterEvent(NO_ACTIVITY, 'folders.changed', folders);

test('follows runs from queue to end', () => {
  const started = afterEvent(
    afterEvent(NO_ACTIVITY, 'run.changed', run('a', 'queued')),
    'run.changed',
    run('a', 'running'),
  );
  expect(started.running).toEqual([run('a', 'running')]);
  for (const end of ['done', 'partial', 'failed', 'cancelled'] as const) {
    expect(afterEvent(started, 'run.changed', run('a', end)).running).toEqual([]);
  }
});

test('does not change for events that it does not need', () => {
  expect(afterEvent(NO_ACTIVITY, 'notice', {})).toBe(NO_ACTIVITY);
});

test('the tray says what runs, before anything else', () => {
  const busy = afterEvent(withFolders(folder('Photos', { damaged: true })), 'run.changed', run('Photos', 'running'));
  expect(trayState(busy)).toEqual({ kind: 'working', text: 'Backing up Photos' });
});

test('then damage, then what is overdue, then the fewest copies', () => {
  const photos = folder('Photos', { overdue: true });
  expect(trayState(withFolders(photos, folder('Letters', { damaged: true })))).toMatchObject({
    kind: 'attention',
    text: 'A copy of Letters is damaged',
  });
  expect(trayState(withFolders(photos, folder('Music', { overdue: true })))).toMatchObject({
    kind: 'attention',
    text: 'The backup of Photos and 1 more is overdue',
  });
  expect(trayState(withFolders(folder('Photos'), folder('Music', { copies: 2 })))).toEqual({
    kind: 'good',
    text: '2 folders, at least 2 copies of each',
  });
});

test('is never good while a folder cannot be found, or has no copy that counts', () => {
  expect(trayState(withFolders(folder('Photos'), folder('Letters', { missing: true })))).toEqual({
    kind: 'attention',
    text: 'Letters cannot be found',
  });
  expect(trayState(withFolders(folder('Photos'), folder('Music', { copies: 1 })))).toEqual({
    kind: 'attention',
    text: 'No proven copy of Music',
  });
});

test('says when nothing is protected yet', () => {
  expect(trayState(NO_ACTIVITY).kind).toBe('empty');
});
