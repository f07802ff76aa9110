import { expect, test } from 'vitest';
import { createClient } from '../../../../renderer/client.ts';
import { carryOut, type GuidePlan, withSeen } from '../../../../renderer/onboarding/plan.ts';
import { createFakeApp } from '../../../support/fake-app.ts';

const PLAN: GuidePlan = withSeen({
  folders: ['/home/ada/Documents', '/home/ada/Pictures'],
  disk: { location: '/media/ada/BLUE/Triplicate', kind: 'external', offsite: false },
  cloud: { location: 'rclone:b2:triplicate', kind: 'cloud', offsite: true },
  passphrase: 'harbour violet ladder nine',
  seen: [],
});

function guide() {
  const app = createFakeApp({ scenario: 'fresh' });
  const client = createClient({
    call: app.call,
    on: () => () => {},
    connection: () => 'open',
    onConnection: () => () => {},
  });
  return { app, client };
}

test('what was chosen in the guide exists afterwards, each folder with both destinations', async () => {
  const { app, client } = guide();
  await carryOut(client, PLAN, 'no');
  expect(app.world.info.setup.passphraseSet).toBe(true);
  expect(app.world.destinations.map(({ location, offsite }) => [location, offsite])).toEqual([
    ['/media/ada/BLUE/Triplicate', false],
    ['rclone:b2:triplicate', true],
  ]);
  expect(app.world.folders.map(({ path, destinationIds }) => [path, destinationIds.length])).toEqual([
    ['/home/ada/Documents', 2],
    ['/home/ada/Pictures', 2],
  ]);
});

test('going back and changing one’s mind changes only that', async () => {
  const { app, client } = guide();
  await carryOut(client, PLAN, 'no');
  const disk = app.world.destinations[0]?.id;
  await carryOut(client, { ...PLAN, folders: ['/home/ada/Documents'], cloud: null }, 'yes');
  expect(app.world.destinations.map(({ id }) => id)).toEqual([disk]);
  expect(app.world.folders.map(({ path, destinationIds }) => [path, destinationIds])).toEqual([
    ['/home/ada/Documents', [disk]],
  ]);
});

test('what others have set up stays, and the guide may be gone through again', async () => {
  const { app, client } = guide();
  await client.call('setup.setPassphrase', { passphrase: PLAN.passphrase });
  const nas = await client.call('destinations.add', { name: 'NAS', location: 'rclone:nas:copies' });
  await client.call('folders.add', { path: '/home/ada/Music', destinationIds: [nas.id] });
  const all = await carryOut(client, { ...PLAN, folders: [...PLAN.folders, '/home/ada/Music'] }, 'yes');
  expect(app.world.destinations).toHaveLength(3);
  expect(app.world.folders.find(({ path }) => path === '/home/ada/Music')?.destinationIds).toHaveLength(3);
  await client.call('folders.add', { path: '/home/ada/Added by another window', destinationIds: [] });
  await carryOut(client, withSeen({ ...all, folders: ['/home/ada/Documents'], cloud: null }), 'yes');
  expect(app.world.folders.map(({ path }) => path)).toEqual([
    '/home/ada/Documents',
    '/home/ada/Added by another window',
  ]);
  expect(app.world.destinations.map(({ name }) => name)).toEqual(['NAS', 'BLUE']);
});
